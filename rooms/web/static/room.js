/**
 * The room itself: faces, board, memo and files, and what is said about them.
 *
 * It begins with the first welcome and takes every later one as the whole truth: after a line
 * that was cut nothing is begun anew that is still there.
 */

import { Faces } from './faces.js';
import { Files, askRaw } from './files.js';
import { Media } from './media.js';
import { Rung } from './wire.js';

/** Pictures of pages come in these widths. */
const LOW_WIDTH_PX = 640;
const HIGH_WIDTH_PX = 2560;
const LOAD_AGAIN_MS = 1000;

/** Loads what only a room needs; called in the lobby so that it is there in time. */
export function preload() {
  return Promise.all([
    import('./board/board.js'),
    import('./board/memo.js'),
    import('./board/sync.js'),
    import('./tools.js'),
  ]);
}

export class Room extends EventTarget {
  /**
   * @param {object} given
   * @param {import('./connection.js').Connection} given.connection
   * @param {import('./devices.js').Devices} given.devices
   * @param {import('./texts.js').Texts} given.texts
   * @param {{room: string, token: string}} given.seat
   * @param {function(string): void} given.tell Says something to people, once.
   */
  constructor({ connection, devices, texts, seat, tell }) {
    super();
    this._connection = connection;
    this._devices = devices;
    this._texts = texts;
    this._tell = tell;
    this._seat = seat;
    this._seats = new Map();
    this._me = null;
    this._room = null;
    this._rights = null;
    this._seen = new Set();
    this._known = null;
    this._rung = 0;
    this._waitingPictures = [];
    this._wake = null;
    this._parts = null;
    this._closed = false;
    this._listening = new AbortController();
    this._faces = new Faces(byId('faces'), texts);
    this._media = new Media(connection, devices);
    this._files = new Files(byId('files'), { texts, seat, tell });
    this._listen();
  }

  /** Takes the whole truth of a welcome. */
  welcome(message) {
    const again = this._me !== null;
    this._me = message.seat;
    this._seats = new Map(message.seats.map((seat) => [seat.id, seat]));
    this._faces.show(message.seats, message.seat);
    this._devicesChanged();
    this._media.enter(message);
    this._setRoom(message.room);
    this._setRights(message.rights, again);
    this._setFiles(message.files);
    if (!again) {
      this._build(message);
      this._keepAwake();
    }
  }

  /** Lets everybody be heard; to be called from a touch. */
  hear() {
    this._faces.hear();
  }

  close() {
    this._closed = true;
    this._listening.abort();
    this._media.close();
    this._faces.close();
    for (const part of ['tools', 'memo', 'board', 'shared']) this._parts?.[part].destroy();
    this._wake?.release().catch(() => {});
    byId('board').replaceChildren();
  }

  _listen() {
    const { signal } = this._listening;
    const on = (source, name, act) =>
      source.addEventListener(name, (event) => act(event.detail), { signal });
    on(this._connection, 'message:seat', ({ seat }) => this._seatChanged(seat));
    on(this._connection, 'message:seat_left', ({ seat }) => this._seatLeft(seat));
    on(this._connection, 'message:room', ({ room }) => this._setRoom(room));
    on(this._connection, 'message:rights', ({ rights }) => this._setRights(rights, true));
    on(this._connection, 'message:files', ({ files }) => this._setFiles(files));
    on(this._connection, 'message:page', ({ page }) =>
      this._setRoom({ ...this._room, page, board: page !== null }),
    );
    on(this._media, 'stream', ({ seat, stream }) => this._faces.attach(seat, stream));
    on(this._media, 'peer', ({ seat, state }) => this._faces.setPeer(seat, state));
    on(this._media, 'rung', ({ rung }) => this._setRung(rung));
    on(this._faces, 'blocked', (blocked) => {
      this.dispatchEvent(new CustomEvent('blocked', { detail: blocked }));
    });
    on(this._devices, 'change', () => this._devicesChanged());
    byId('show-memo').addEventListener('click', () => this._openSide('memo', 'toggle'), { signal });
    byId('show-files').addEventListener('click', () => this._openSide('files', 'toggle'), { signal });
    document.addEventListener('visibilitychange', () => this._keepAwake(), { signal });
  }

  async _build({ room, seat, rights }) {
    const [{ Board }, { Memo }, { SharedDoc }, { Tools }] = await this._load();
    if (this._closed) return;
    const shared = new SharedDoc(this._connection);
    const board = new Board(byId('board'), {
      connection: this._connection,
      shared,
      room,
      seat,
      seats: [...this._seats.values()],
      rights,
      fetchPicture: (picture, options) => this._fetchPicture(picture, options),
      texts: this._texts,
    });
    const memo = new Memo(byId('memo'), shared, 'memo');
    const tools = new Tools(byId('tools'), board, this._seats.get(seat).colour);
    this._parts = { board, memo, shared, tools };
    // They may have changed while the modules were on their way.
    this._tellRights();
    board.showPage(this._room.page);
    this._limitPictures();
  }

  /** A phone that goes from one network to another loses what is just being loaded. */
  async _load() {
    for (;;) {
      try {
        return await preload();
      } catch (error) {
        console.info('the room is loaded again', error);
        await new Promise((resolve) => setTimeout(resolve, LOAD_AGAIN_MS));
        if (this._closed) return [{}, {}, {}, {}];
      }
    }
  }

  /** Returns the picture of a sheet or of an item; a line that carries only voices gets it later. */
  async _fetchPicture({ document, sheet, width, asset }, { signal } = {}) {
    if (this._rung >= Rung.VOICE_AND_INK) {
      await new Promise((resolve) => this._waitingPictures.push(resolve));
    }
    const below = asset ? `assets/${asset}` : `documents/${document}/${sheet}/${width}.webp`;
    const path = `/api/v1/rooms/${this._seat.room}/${below}`;
    return (await askRaw(path, { token: this._seat.token, signal })).blob();
  }

  _limitPictures() {
    const weak = this._rung >= Rung.LOW_DOCUMENTS;
    this._parts?.board.setPictureLimit(weak ? LOW_WIDTH_PX : HIGH_WIDTH_PX);
  }

  _tellRights() {
    for (const part of ['board', 'memo', 'tools']) this._parts?.[part].setRights(this._rights);
  }

  _seatChanged(seat) {
    const before = this._seats.get(seat.id);
    this._seats.set(seat.id, seat);
    if (seat.id === this._me) {
      // What one's own devices do is known here first.
      this._devicesChanged();
      return;
    }
    this._faces.update(seat);
    this._media.update(seat);
    if (!before) {
      this._tell(this._texts.say('%(name)s came in.', { name: this._faces.nameOf(seat) }));
    }
  }

  _seatLeft(id) {
    const seat = this._seats.get(id);
    this._seats.delete(id);
    this._faces.remove(id);
    this._media.drop(id);
    if (seat) this._tell(this._texts.say('%(name)s left.', { name: this._faces.nameOf(seat) }));
  }

  _setRoom(room) {
    const before = this._room;
    this._room = room;
    byId('room-title').textContent = room.title || this._texts.say('Consultation room');
    const wasShown = before?.board ?? false;
    byId('board-side').hidden = !room.board;
    byId('stage').toggleAttribute('data-board', room.board);
    if (room.board !== wasShown || room.page !== before?.page) this._parts?.board.showPage(room.page);
    if (room.board && !wasShown) this._tell(this._texts.say('Staff are showing you the board.'));
    byId('show-memo').hidden = !room.memo;
    if (room.memo && !before?.memo) this._openSide('memo', 'open');
    if (!room.memo && before?.memo) this._openSide('memo', 'close');
    this._showFilesControl();
  }

  _setRights(rights, changed) {
    const before = this._rights;
    this._rights = rights;
    this._files.setAllowed(rights.files);
    this._tellRights();
    this._showFilesControl();
    if (!changed || before === null || before.draw === rights.draw) return;
    this._tell(
      rights.draw
        ? this._texts.say('You can write on the board again.')
        : this._texts.say('Staff are writing now. Your pen is resting.'),
    );
  }

  _setFiles(files) {
    this._files.show(files);
    const known = this._known;
    this._known = new Set(files.map((file) => file.id));
    const fresh = files.filter((file) => file.seat !== this._me && !this._seen.has(file.id));
    if (known !== null) {
      for (const file of fresh.filter((one) => !known.has(one.id))) {
        this._tell(this._texts.say('A file for you: %(name)s', { name: file.name }));
      }
    }
    this._showFilesControl();
    if (this._side === 'files') fresh.forEach((file) => this._seen.add(file.id));
    const unseen = this._side === 'files' ? 0 : fresh.length;
    byId('files-new').hidden = unseen === 0;
    byId('files-new').textContent = String(unseen);
  }

  /** Nobody is shown what nobody uses yet. */
  _showFilesControl() {
    const some = (this._known?.size ?? 0) > 0;
    const used = some || (this._room?.board && this._rights?.files);
    byId('show-files').hidden = !used;
    if (!used) this._openSide('files', 'close');
  }

  _openSide(name, how) {
    const isOpen = this._side === name;
    const open = how === 'open' || (how === 'toggle' && !isOpen);
    if (open === isOpen) return;
    this._side = open ? name : null;
    for (const one of ['memo', 'files']) {
      byId(`${one}-side`).hidden = this._side !== one;
      byId(`show-${one}`).setAttribute('aria-expanded', String(this._side === one));
    }
    byId('stage').dataset.side = this._side ?? '';
    // With large letters it may lie below what is seen.
    if (open && how === 'toggle') byId(`${name}-side`).scrollIntoView({ block: 'nearest' });
    if (this._side === 'files') {
      this._known?.forEach((id) => this._seen.add(id));
      byId('files-new').hidden = true;
    }
  }

  _setRung(rung) {
    this._rung = rung;
    this._faces.setRung(rung);
    this._limitPictures();
    if (rung < Rung.VOICE_AND_INK) this._waitingPictures.splice(0).forEach((go) => go());
    this.dispatchEvent(new CustomEvent('rung', { detail: rung }));
  }

  _devicesChanged() {
    this._faces.attachSelf(this._devices.video);
    const mine = this._seats.get(this._me);
    if (!mine) return;
    const shown = {
      ...mine,
      microphone: this._devices.isOn('audio'),
      camera: this._devices.isOn('video'),
    };
    this._seats.set(this._me, shown);
    this._faces.update(shown);
  }

  async _keepAwake() {
    if (document.visibilityState !== 'visible' || this._closed) return;
    try {
      this._wake = await navigator.wakeLock.request('screen');
    } catch {
      // No such thing here, or the battery is low: the phone sleeps as it always does.
    }
  }
}

function byId(id) {
  return document.getElementById(id);
}
