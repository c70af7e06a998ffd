/**
 * The one websocket of a seat: says hello, takes itself up again, measures the line.
 *
 * Events: `message` and `message:<t>` (detail: the message), `binary` (detail: {channel, bytes}),
 * `state` (detail: {state, code, again}); states: connecting, open, lost, closed. It is `open`
 * when the service has answered the hello. `lost` means that it is being taken up again;
 * `closed` is final and has the code of `Close`.
 */

import { Channel, Close, FINAL_CLOSES, SOCKET_PATH, SUBPROTOCOL, WIRE_VERSION } from './wire.js';

const FIRST_DELAY_MS = 250;
/** A service that was started again has everybody back within five seconds. */
const LONGEST_DELAY_MS = 2000;
const PING_MS = 2500;
/** Nothing heard for so long means that the line is gone, whatever the browser believes. */
const SILENCE_MS = 5000;
/** The same on a slow line; four round trips come on top on any. */
const LONGEST_SILENCE_MS = 8000;
/** A whole board on its way lets nothing past it: twice as long after each time it did not come. */
const BOARD_MS = 30_000;
/** The same for somebody who looks at the page again, or whose network changed. */
const QUICK_MS = 2500;
/**
 * No answer, or none to the hello: a phone between two networks can wait for minutes. Now and
 * then it may take longer, for the sake of lines on which it does.
 */
const ANSWER_MS = [3000, 3000, 8000];
/** From so many tries in vain on, a request goes ahead: see `_dialIfThere`. */
const TRIES_UNASKED = 2;
const ALIVE_PATH = '/healthz';
/** What may wait to be sent before live strokes and pointers are left out. */
const CROWDED_BYTES = 64 * 1024;

export class Connection extends EventTarget {
  constructor({ url = socketUrl(), open = (at, protocol) => new WebSocket(at, protocol) } = {}) {
    super();
    this.state = 'closed';
    this.rttMs = null;
    this._url = url;
    this._open = open;
    this._socket = null;
    this._token = null;
    this._name = null;
    this._tries = 0;
    this._asking = null;
    this._boardMs = BOARD_MS;
    this._boardPing = null;
    this._timers = new Map();
    this._pings = new Map();
    this._n = 0;
    this._wake = this._wake.bind(this);
  }

  /** Opens the line of a seat. `name` is told once, with the first hello that is answered. */
  connect(token, name = null) {
    this.close();
    this._token = token;
    this._name = name;
    this._tries = 0;
    window.addEventListener('online', this._wake);
    document.addEventListener('visibilitychange', this._wake);
    this._dial();
  }

  /** Sends a message; returns whether it is on its way. */
  send(message) {
    if (this.state !== 'open') return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  /** Sends something that is worth nothing later (a live stroke, a pointer), or leaves it out. */
  sendFleeting(message) {
    return this._socket?.bufferedAmount > CROWDED_BYTES ? false : this.send(message);
  }

  /** Sends a binary frame; returns whether it is on its way. */
  sendBinary(channel, bytes) {
    if (this.state !== 'open') return false;
    const frame = new Uint8Array(bytes.length + 1);
    frame[0] = channel;
    frame.set(bytes, 1);
    this._socket.send(frame);
    if (channel === Channel.BOARD_STATE_VECTOR) this._awaitBoard();
    return true;
  }

  /** Ends the line without taking it up again. */
  close() {
    this._token = null;
    this._drop();
    window.removeEventListener('online', this._wake);
    document.removeEventListener('visibilitychange', this._wake);
    if (this.state !== 'closed') this._become('closed', { code: 1000 });
  }

  _dial() {
    this._drop();
    if (this.state !== 'lost') this._become('connecting');
    const socket = this._open(this._url, SUBPROTOCOL);
    this._socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this._after('answer', this._answerMs(), () => this._silent());
      const hello = { t: 'hello', token: this._token, version: WIRE_VERSION };
      if (this._name !== null) hello.name = this._name;
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => this._heard(socket, event.data);
    socket.onclose = (event) => this._closed(socket, event.code);
    this._after('answer', this._answerMs(), () => this._silent());
  }

  /**
   * Dials when the service is there. Browsers let a websocket that failed often wait before it is
   * tried again, Firefox for a minute; a request they send at once.
   */
  async _dialIfThere() {
    const asking = new AbortController();
    this._asking = asking;
    this._after('answer', this._answerMs(), () => asking.abort());
    let there = false;
    try {
      there = (await fetch(ALIVE_PATH, { cache: 'no-store', signal: asking.signal })).ok;
    } catch {
      // Without an answer the request's own connection may be dead: the socket makes a new one.
      there = asking.signal.aborted;
    }
    if (asking !== this._asking) return;
    if (there) this._dial();
    else this._lost();
  }

  _answerMs() {
    return ANSWER_MS[this._tries % ANSWER_MS.length];
  }

  /** A try without any answer has waited long enough already. */
  _silent() {
    this._lost(null, FIRST_DELAY_MS);
  }

  _heard(socket, data) {
    if (socket !== this._socket) return;
    this._listen(this._silenceMs());
    if (typeof data !== 'string') {
      const bytes = new Uint8Array(data);
      if (bytes.length > 0) this._tell('binary', { channel: bytes[0], bytes: bytes.subarray(1) });
      return;
    }
    const message = JSON.parse(data);
    if (message.t === 'pong') {
      this._ponged(message.n);
      return;
    }
    if (this.state !== 'open' && message.t !== 'over' && message.t !== 'trouble') {
      this._stop('answer');
      this._tries = 0;
      this._name = null;
      const again = this.state === 'lost';
      this._become('open', { again });
      this._ping();
    }
    this._tell('message', message);
    this._tell(`message:${message.t}`, message);
  }

  _closed(socket, code) {
    if (socket !== this._socket) return;
    if (FINAL_CLOSES.includes(code)) {
      this._token = null;
      this._drop();
      this._become('closed', { code });
    } else {
      this._lost(code);
    }
  }

  _lost(code = null, longestMs = LONGEST_DELAY_MS) {
    if (this._boardPing !== null) this._boardMs *= 2;
    this._drop();
    if (this._token === null) return;
    if (this.state !== 'lost') this._become('lost', { code });
    const delay = Math.min(longestMs, FIRST_DELAY_MS * 2 ** this._tries);
    this._tries += 1;
    // Not all at once: a service that comes back has many guests.
    const spread = code === Close.SERVICE_ENDS || this._tries > 2 ? 0.5 + Math.random() : 1;
    const dial = this._tries > TRIES_UNASKED ? () => this._dialIfThere() : () => this._dial();
    this._after('again', delay * spread, dial);
  }

  /** The network is back, or somebody looks at the page again: no need to wait any longer. */
  _wake() {
    if (this._token === null || document.visibilityState === 'hidden') return;
    if (this.state === 'lost' && this._timers.has('again')) {
      this._tries = 0;
      this._dial();
    } else if (this.state === 'open') {
      // It may be dead without knowing: an answer, or a new one soon.
      this._ping();
      if (this._boardPing === null) this._listen(QUICK_MS);
    }
  }

  /** The answer to a ping comes after that to everything before. */
  _awaitBoard() {
    this._ping();
    this._boardPing = this._n;
    this._listen(this._boardMs);
  }

  _silenceMs() {
    if (this._boardPing !== null) return this._boardMs;
    if (this.rttMs === null) return LONGEST_SILENCE_MS;
    return Math.min(LONGEST_SILENCE_MS, SILENCE_MS + 4 * this.rttMs);
  }

  _listen(silenceMs) {
    this._after('silence', silenceMs, () => {
      if (document.visibilityState !== 'hidden') {
        this._lost();
        return;
      }
      // A page in the background runs its timers late and in heaps: ask before believing them.
      this._ping();
      this._listen(LONGEST_SILENCE_MS);
    });
  }

  _ping() {
    this._after('ping', PING_MS, () => this._ping());
    if (this._pings.size > 10) this._pings.clear();
    this._n += 1;
    this._pings.set(this._n, performance.now());
    this.send({ t: 'ping', n: this._n });
  }

  _ponged(n) {
    const sent = this._pings.get(n);
    this._pings.delete(n);
    if (this._boardPing !== null && n >= this._boardPing) {
      this._boardPing = null;
      this._boardMs = BOARD_MS;
      this._listen(this._silenceMs());
      return;
    }
    if (sent !== undefined) this.rttMs = performance.now() - sent;
  }

  _drop() {
    for (const name of [...this._timers.keys()]) this._stop(name);
    this._pings.clear();
    this._boardPing = null;
    this._asking?.abort();
    this._asking = null;
    const socket = this._socket;
    this._socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  _become(state, more = {}) {
    this.state = state;
    this._tell('state', { state, ...more });
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  _after(name, delayMs, act) {
    this._stop(name);
    this._timers.set(
      name,
      setTimeout(() => {
        this._timers.delete(name);
        act();
      }, delayMs),
    );
  }

  _stop(name) {
    clearTimeout(this._timers.get(name));
    this._timers.delete(name);
  }
}

function socketUrl() {
  const url = new URL(SOCKET_PATH, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}
