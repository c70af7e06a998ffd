/**
 * A Yjs document that is kept the same on both sides of a connection.
 *
 * After each welcome both sides say what they have (a state vector) and get what they lack, so
 * nothing that was done without a line is lost. Changes of one frame travel as one update.
 *
 * What a guest may not do, the service takes back with an update of its own.
 *
 * Events: `synced`, when the service's answer is in; `refused` (detail {problem}); `replaced`,
 * when `doc` is a new one: everybody who holds on to the old one lets go of it.
 */

import * as Y from '../vendor/yjs.js';
import { Channel } from '../wire.js';

/** The largest frame that the service takes, without the byte of its channel. */
const MAX_UPDATE_BYTES = 4 * 1024 * 1024 - 1;
/** An update that says nothing. */
const EMPTY_BYTES = 2;
/** Batches of a page in the background, which gets no frames. */
const FLUSH_MS = 16;
/** The `about` of a `trouble` with an update, by the channel of the updates. */
const ABOUT = { [Channel.BOARD_UPDATE]: 'board', [Channel.NOTES_UPDATE]: 'notes' };
/** Problems after which the service has nothing of an update, and would not take it later. */
const LOST = ['too_large', 'no_room_on_disk'];

export class SharedDoc extends EventTarget {
  /**
   * @param {Connection} connection
   * @param {number} updates Channel of the updates; the next one is for state vectors.
   */
  constructor(connection, updates = Channel.BOARD_UPDATE) {
    super();
    this.doc = new Y.Doc();
    this.isSynced = false;
    this._connection = connection;
    this._updates = updates;
    this._vectors = updates + 1;
    this._pending = [];
    this._timer = 0;
    this._listening = new AbortController();
    const { signal } = this._listening;
    connection.addEventListener('message:welcome', () => this._ask(), { signal });
    connection.addEventListener('message:trouble', (event) => this._troubled(event.detail), {
      signal,
    });
    connection.addEventListener('state', (event) => this._lineChanged(event.detail), { signal });
    connection.addEventListener('binary', (event) => this._heard(event.detail), { signal });
    this._watch();
    if (connection.state === 'open') this._ask();
  }

  /** Send what has been changed; not only with the next frame. */
  flush() {
    clearTimeout(this._timer);
    this._timer = 0;
    if (!this._pending.length) return;
    const update = this._pending.length === 1 ? this._pending[0] : Y.mergeUpdates(this._pending);
    this._pending = [];
    // Without a line it is kept in the document: the state vectors of the next one fetch it.
    this._send(update);
  }

  destroy() {
    this.flush();
    this._listening.abort();
    this.doc.destroy();
  }

  _watch() {
    this.doc.on('update', (update, origin) => {
      if (origin === this) return;
      this._pending.push(update);
      this._timer ||= setTimeout(() => this.flush(), FLUSH_MS);
    });
  }

  _ask() {
    this.isSynced = false;
    // What is pending is in the answer to the other side's vector.
    this._pending = [];
    this._connection.sendBinary(this._vectors, Y.encodeStateVector(this.doc));
  }

  _heard({ channel, bytes }) {
    if (channel === this._vectors) this._answer(bytes);
    else if (channel === this._updates) this._take(bytes);
  }

  _answer(vector) {
    const update = read(() => Y.encodeStateAsUpdate(this.doc, vector));
    if (!update || isEmpty(update)) return;
    this._pending = [];
    this._send(update);
  }

  _take(update) {
    read(() => Y.applyUpdate(this.doc, update, this));
    if (this.isSynced) return;
    this.isSynced = true;
    this._tell('synced');
  }

  _send(update) {
    // The service would close the line for it, again and again.
    if (update.length > MAX_UPDATE_BYTES) this.replace();
    else this._connection.sendBinary(this._updates, update);
  }

  _lineChanged({ state }) {
    if (state !== 'open') this.isSynced = false;
  }

  _troubled({ about, problem }) {
    if (about !== ABOUT[this._updates]) return;
    this._tell('refused', { problem });
    if (LOST.includes(problem)) this.replace();
  }

  /** Start anew with what the service has: what it lost would be missed by every later change. */
  replace() {
    clearTimeout(this._timer);
    this._timer = 0;
    this._pending = [];
    this.doc.destroy();
    this.doc = new Y.Doc();
    this._watch();
    this._tell('replaced');
    this._ask();
  }

  _tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function isEmpty(update) {
  return update.length === EMPTY_BYTES && update[0] === 0 && update[1] === 0;
}

/** Return what `act` does; undefined for bytes that are no Yjs update. */
function read(act) {
  try {
    return act();
  } catch (error) {
    console.warn('not a Yjs message', error);
    return undefined;
  }
}
