/**
 * Voices and faces: a peer connection for each other seat, and the ladder over them all.
 *
 * Events: `stream` (detail: {seat, stream}), `peer` (detail: {seat, state}), `rung` (detail:
 * {rung, before}), `left` (detail: {seat}).
 */

import { faceFor, Ladder } from './ladder.js';
import { Peer } from './peer.js';

const MEASURE_MS = 1000;
/** A report that is older is of a stream that is paused: the browser keeps the last one. */
const STALE_MS = 10_000;
/** So many measurements in a row with a processor that does not keep up. */
const WEAK_TIMES = 8;

export class Media extends EventTarget {
  /**
   * @param {import('./connection.js').Connection} connection
   * @param {import('./devices.js').Devices} devices
   */
  constructor(connection, devices) {
    super();
    this.rung = 0;
    this._connection = connection;
    this._devices = devices;
    this._peers = new Map();
    this._seats = new Map();
    this._me = null;
    this._ice = [];
    this._ladder = null;
    this._weakDevice = false;
    this._weakTimes = 0;
    this._tally = new Map();
    this._told = '';
    this._timer = setInterval(() => this._measure(), MEASURE_MS);
    this._onDevices = () => this._devicesChanged();
    this._onNetwork = () => this._networkChanged();
    devices.addEventListener('change', this._onDevices);
    window.addEventListener('online', this._onNetwork);
    navigator.connection?.addEventListener?.('change', this._onNetwork);
    this._handlers = [];
    this._listen('signal', (message) => this._signalled(message));
    this._listen('ice', ({ ice }) => this._gotIce(ice));
  }

  /** In the room, or in it again: calls who is there, mends what is there already. */
  enter({ seat, seats, ice }) {
    this._me = seat;
    this._gotIce(ice);
    this._seats = new Map(seats.map((one) => [one.id, one]));
    for (const known of [...this._peers.keys()]) {
      if (!this._seats.has(known)) this.drop(known);
    }
    for (const other of this._seats.values()) {
      if (other.id === seat) continue;
      const peer = this._peers.get(other.id);
      if (peer) {
        peer.reachable = other.connected;
        peer.resume();
      } else if (other.connected) {
        this._peer(other.id).call();
      }
    }
    this._told = '';
    this._devicesChanged();
    if (this.rung > 0) this._tellRung({});
  }

  /** Somebody came, or is different now. */
  update(seat) {
    if (seat.id === this._me) return;
    const before = this._seats.get(seat.id);
    this._seats.set(seat.id, seat);
    const peer = this._peers.get(seat.id);
    if (peer) {
      peer.reachable = seat.connected;
      if (seat.connected && before && !before.connected) peer.resume();
    }
    this._limitFaces();
  }

  /** Somebody left for good. */
  drop(seat) {
    this._seats.delete(seat);
    this._peers.get(seat)?.close();
    this._peers.delete(seat);
    this._tally.delete(seat);
    this.dispatchEvent(new CustomEvent('left', { detail: { seat } }));
    this._limitFaces();
  }

  /** Ends everything. */
  close() {
    clearInterval(this._timer);
    this._devices.removeEventListener('change', this._onDevices);
    window.removeEventListener('online', this._onNetwork);
    navigator.connection?.removeEventListener?.('change', this._onNetwork);
    for (const seat of [...this._peers.keys()]) this.drop(seat);
    this._handlers.forEach(([name, act]) => this._connection.removeEventListener(name, act));
  }

  _peer(seat) {
    const peer = new Peer({
      seat,
      polite: this._me < seat,
      ice: () => this._ice,
      signal: (signal) => this._connection.send({ t: 'signal', seat, ...signal }),
      tracks: () => ({ audio: this._devices.audio, video: this._devices.video }),
    });
    this._peers.set(seat, peer);
    peer.addEventListener('track', () => this._tellStream(seat, peer.stream));
    peer.addEventListener('state', ({ detail }) => this._peerChanged(seat, detail));
    peer.addEventListener('anew', () => this._connection.send({ t: 'ask_ice' }));
    this._limitFaces();
    return peer;
  }

  _signalled({ seat, description, candidate }) {
    if (this._me === null || seat === this._me) return;
    const peer = this._peers.get(seat) ?? (description?.type === 'offer' ? this._peer(seat) : null);
    peer?.take({ description, candidate });
  }

  _peerChanged(seat, state) {
    if (state === 'connected') this._ladder ??= new Ladder(performance.now());
    if (state === 'mending') this._connection.send({ t: 'ask_ice' });
    this.dispatchEvent(new CustomEvent('peer', { detail: { seat, state } }));
  }

  _gotIce(ice) {
    this._ice = ice.map(({ urls, username, credential }) =>
      username ? { urls, username, credential } : { urls },
    );
  }

  _devicesChanged() {
    for (const peer of this._peers.values()) peer.replaceTracks();
    if (this._me === null) return;
    const media = {
      t: 'media',
      microphone: this._devices.isOn('audio'),
      camera: this._devices.isOn('video'),
    };
    const told = JSON.stringify(media);
    if (told !== this._told && this._connection.send(media)) this._told = told;
  }

  _networkChanged() {
    this._connection.send({ t: 'ask_ice' });
    for (const peer of this._peers.values()) peer.mend();
  }

  async _measure() {
    if (this._ladder === null) return;
    const measured = await this._readAll();
    const before = this.rung;
    this.rung = this._ladder.step(measured, performance.now());
    if (this.rung === before) return;
    this._limitFaces();
    this._tellRung(measured);
    this.dispatchEvent(new CustomEvent('rung', { detail: { rung: this.rung, before } }));
  }

  async _readAll() {
    const worst = { heard: false, loss: null, rttMs: null, bpsEach: null };
    let weakDevice = false;
    for (const [seat, peer] of this._peers) {
      if (!peer.connected) continue;
      const read = readStats([...(await peer.stats()).values()], this._tally.get(seat));
      this._tally.set(seat, read.tally);
      worst.heard ||= read.heard;
      worst.loss = larger(worst.loss, read.loss);
      worst.rttMs = larger(worst.rttMs, read.rttMs);
      worst.bpsEach = smaller(worst.bpsEach, read.bps);
      weakDevice ||= read.weakDevice;
    }
    this._weakTimes = weakDevice ? this._weakTimes + 1 : 0;
    if (this._weakTimes === WEAK_TIMES) {
      // Once is enough: a processor does not get quicker during a talk.
      this._weakDevice = true;
      this._limitFaces();
    }
    return worst;
  }

  _limitFaces() {
    for (const [seat, peer] of this._peers) {
      const rung = Math.max(this.rung, this._seats.get(seat)?.rung ?? 0);
      peer.setFace(faceFor(rung, this._peers.size, this._weakDevice));
    }
  }

  _tellRung({ loss = null, rttMs = null }) {
    this._connection.send({ t: 'line', rung: this.rung, rtt_ms: rttMs, loss });
  }

  _tellStream(seat, stream) {
    this.dispatchEvent(new CustomEvent('stream', { detail: { seat, stream } }));
  }

  _listen(kind, act) {
    const handler = ({ detail }) => act(detail);
    this._handlers.push([`message:${kind}`, handler]);
    this._connection.addEventListener(`message:${kind}`, handler);
  }
}

/**
 * Returns what the statistics of one peer connection say about the line.
 *
 * @param {object[]} reports Of RTCPeerConnection.getStats().
 * @param {?{received: number, lost: number, bytes: number}} before The `tally` of the last time.
 */
export function readStats(reports, before = null) {
  const tally = { received: 0, lost: 0, bytes: 0 };
  const found = { heard: false, loss: null, rttMs: null, bps: null, weakDevice: false, tally };
  const now = Math.max(...reports.map((one) => one.timestamp ?? 0));
  for (const one of reports) {
    if (one.type === 'inbound-rtp') {
      tally.received += one.packetsReceived ?? 0;
      tally.lost += one.packetsLost ?? 0;
    } else if (one.type === 'remote-inbound-rtp') {
      if (now - (one.timestamp ?? now) > STALE_MS) continue;
      found.loss = larger(found.loss, one.fractionLost ?? null);
      if (one.roundTripTime !== undefined) found.rttMs = larger(found.rttMs, 1000 * one.roundTripTime);
    } else if (one.type === 'outbound-rtp' && one.kind === 'video') {
      found.weakDevice ||= one.qualityLimitationReason === 'cpu';
    } else if (one.type === 'candidate-pair') {
      // Media, reports and the answers of the other side that keep a path open.
      tally.bytes += (one.bytesReceived ?? 0) + (one.responsesReceived ?? 0);
    }
  }
  // What WebRTC believes a line carries counts only while it holds the picture back.
  const held = reports.some(
    (one) => one.qualityLimitationReason === 'bandwidth' && one.active !== false,
  );
  const pair = reports.find((one) => one.type === 'candidate-pair' && one.nominated && one.availableOutgoingBitrate);
  if (held && pair) found.bps = pair.availableOutgoingBitrate;
  found.heard = before === null || tally.bytes !== before.bytes;
  found.loss = larger(found.loss, lossSince(before, tally));
  return found;
}

function lossSince(before, tally) {
  if (!before) return null;
  const received = tally.received - before.received;
  const lost = Math.max(0, tally.lost - before.lost);
  // A few packets say nothing: one of ten is no tenth.
  return received + lost < 20 || received < 0 ? null : lost / (received + lost);
}

function larger(one, other) {
  return one === null ? other : other === null ? one : Math.max(one, other);
}

function smaller(one, other) {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
