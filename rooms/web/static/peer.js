/**
 * One connection to one other seat: perfect negotiation, mended when it breaks.
 *
 * How both sides behave (a display behaves the same):
 * - who enters the room offers to everybody who is there; both sides may offer at any time later;
 * - of two offers at once, that of the impolite side counts; polite is the smaller seat id;
 * - a session is known by the session id in the `o=` line of its descriptions. A description with
 *   another one comes from a side that began anew (its page was loaded again, its path could not
 *   be mended): the receiver begins anew, too, and answers;
 * - what was under way while a websocket was cut is sent again when it is back.
 *
 * There is one transceiver for the voice and one for the face from the beginning; microphone and
 * camera come and go in them by `replaceTrack`, without negotiating.
 */

const MEND_AFTER_MS = 1500;
const ANEW_AFTER_MS = 7000;
const FIRST_WAIT_MS = 10_000;

const VOICE_BPS = 40_000;

export class Peer extends EventTarget {
  /**
   * @param {object} given
   * @param {string} given.seat Whose connection it is.
   * @param {boolean} given.polite
   * @param {function(): RTCIceServer[]} given.ice Asked at each new connection.
   * @param {function({description?: object, candidate?: object}): void} given.signal
   * @param {function(): {audio: ?MediaStreamTrack, video: ?MediaStreamTrack}} given.tracks
   */
  constructor({ seat, polite, ice, signal, tracks }) {
    super();
    this.seat = seat;
    this.polite = polite;
    this.state = 'connecting';
    /** Whether the other side's websocket is there to answer. */
    this.reachable = true;
    this.stream = new MediaStream();
    this._ice = ice;
    this._signal = signal;
    this._tracks = tracks;
    this._face = null;
    this._pc = null;
    this._theirSession = null;
    this._makingOffer = false;
    this._ignoring = false;
    this._everConnected = false;
    this._work = Promise.resolve();
    this._timers = new Map();
  }

  /** Offers a connection: for who enters the room. */
  call() {
    this._begin();
    this._addTransceivers();
  }

  /** Takes a description or a candidate of the other side, one after the other. */
  take(signal) {
    this._work = this._work.then(() => this._take(signal)).catch((error) => this._failed(error));
    return this._work;
  }

  /** The websocket is back, here or there: says again what may have been lost. */
  resume() {
    if (this._pc === null) return;
    if (this._theirSession !== null && this._pc.signalingState === 'have-local-offer') {
      this._signal({ description: this._pc.localDescription.toJSON() });
    } else if (this._pc.signalingState === 'have-local-offer') {
      // Its candidates may be lost with it; they are all in the description by now.
      this._signal({ description: this._pc.localDescription.toJSON() });
    } else if (!this._flows()) {
      this.mend();
    }
  }

  /** Looks for another path; quick where the two sides still know one another. */
  mend() {
    if (this._pc === null || this._pc.signalingState === 'closed') return;
    this._pc.setConfiguration({ ...this._pc.getConfiguration(), iceServers: this._ice() });
    this._pc.restartIce();
    this._after('anew', ANEW_AFTER_MS, () => this._flows() || this._anew());
  }

  /** Sends what microphone and camera give now. */
  async replaceTracks() {
    if (this._pc === null) return;
    const tracks = this._tracks();
    for (const transceiver of this._pc.getTransceivers().slice(0, 2)) {
      const kind = transceiver.receiver.track.kind;
      const track = tracks[kind] ?? null;
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
    await this._limit();
  }

  /** Says how the face is sent from now on; see `faceFor`. */
  async setFace(face) {
    if (JSON.stringify(face) === JSON.stringify(this._face)) return;
    this._face = face;
    await this._limit();
  }

  /** The statistics of the connection, or null before there is one. */
  async stats() {
    return this._pc === null ? null : this._pc.getStats();
  }

  get connected() {
    return this._pc !== null && this._flows();
  }

  close() {
    for (const name of [...this._timers.keys()]) this._stop(name);
    this._drop();
    this._become('closed');
  }

  _begin() {
    this._drop();
    const pc = new RTCPeerConnection({ iceServers: this._ice(), bundlePolicy: 'max-bundle' });
    this._pc = pc;
    this._theirSession = null;
    this._ignoring = false;
    this._makingOffer = false;
    pc.onnegotiationneeded = () => this._offer(pc);
    pc.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== '') this._signal({ candidate: candidate.toJSON() });
    };
    pc.oniceconnectionstatechange = () => pc === this._pc && this._changed();
    pc.onconnectionstatechange = () => pc === this._pc && this._changed();
    pc.ontrack = ({ track }) => pc === this._pc && this._gotTrack(track);
    this._after('anew', FIRST_WAIT_MS, () => this._flows() || this._anew());
  }

  _addTransceivers() {
    const tracks = this._tracks();
    // The same stream for both, so that lips and voice stay together.
    const streams = [new MediaStream()];
    for (const kind of ['audio', 'video']) {
      this._pc.addTransceiver(tracks[kind] ?? kind, { direction: 'sendrecv', streams });
    }
    this._limit();
  }

  async _offer(pc) {
    // Who answers takes the transceivers of the offer; it has nothing to offer before.
    if (pc !== this._pc) return;
    try {
      this._makingOffer = true;
      await pc.setLocalDescription();
      if (pc === this._pc) this._signal({ description: pc.localDescription.toJSON() });
    } catch (error) {
      this._failed(error);
    } finally {
      this._makingOffer = false;
    }
  }

  async _take({ description, candidate }) {
    if (description) await this._takeDescription(description);
    else if (candidate) await this._takeCandidate(candidate);
  }

  async _takeDescription(description) {
    if (description.type === 'rollback') return;
    const session = sessionOf(description.sdp);
    const isNew = this._pc === null || (this._theirSession !== null && session !== this._theirSession);
    const offer = description.type === 'offer';
    if (isNew && !offer) {
      // An answer of a session that has nothing to do with ours: begin together.
      if (this._pc !== null) this.call();
      return;
    }
    if (isNew) {
      this._begin();
    } else if (offer && this._collides()) {
      this._ignoring = !this.polite;
      if (this._ignoring) return;
      // Before there ever was a session, transceivers of our own offer would stay behind.
      if (this._theirSession === null) this._begin();
    }
    if (!offer && this._pc.signalingState !== 'have-local-offer') return;
    this._ignoring = false;
    const pc = this._pc;
    await pc.setRemoteDescription(description);
    this._theirSession = session;
    if (offer && pc === this._pc) await this._answer(pc);
    await this._limit();
  }

  _collides() {
    return this._makingOffer || this._pc.signalingState !== 'stable';
  }

  async _answer(pc) {
    const tracks = this._tracks();
    for (const transceiver of pc.getTransceivers().slice(0, 2)) {
      const track = tracks[transceiver.receiver.track.kind] ?? null;
      transceiver.direction = 'sendrecv';
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
    await pc.setLocalDescription();
    if (pc === this._pc) this._signal({ description: pc.localDescription.toJSON() });
  }

  async _takeCandidate(candidate) {
    if (this._pc === null || this._pc.remoteDescription === null) {
      // Its description was ignored, or belonged to a session that is gone.
      return;
    }
    try {
      await this._pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this._ignoring && isOfSession(candidate, this._pc.remoteDescription)) throw error;
    }
  }

  _gotTrack(track) {
    for (const old of this.stream.getTracks()) {
      if (old.kind === track.kind) this.stream.removeTrack(old);
    }
    this.stream.addTrack(track);
    this.dispatchEvent(new CustomEvent('track', { detail: track }));
  }

  _flows() {
    return ['connected', 'completed'].includes(this._pc?.iceConnectionState) &&
      this._pc.connectionState !== 'failed';
  }

  _changed() {
    const ice = this._pc.iceConnectionState;
    if (this._flows()) {
      this._stop('anew');
      this._stop('mend');
      this._everConnected = true;
      this._become('connected');
      this._limit();
    } else if (ice === 'failed' || this._pc.connectionState === 'failed') {
      this._become('mending');
      this._everConnected ? this._after('mend', 0, () => this.mend()) : this._anew();
    } else if (ice === 'disconnected') {
      this._become('mending');
      this._after('mend', MEND_AFTER_MS, () => this._flows() || this.mend());
    }
  }

  /** The path could not be mended: a new session. One side of the two waits a little. */
  _anew() {
    this._after('begin', this.polite ? 1500 : 0, () => {
      if (this._flows() || !this.reachable) return;
      this._become('mending');
      this.dispatchEvent(new CustomEvent('anew'));
      this.call();
    });
  }

  async _limit() {
    if (this._pc === null) return;
    for (const { sender, receiver } of this._pc.getTransceivers().slice(0, 2)) {
      await limitSender(sender, receiver.track.kind, this._face);
    }
  }

  _failed(error) {
    if (this._pc === null || this._pc.signalingState === 'closed') return;
    console.info('the connection begins anew', error);
    this._anew();
  }

  _drop() {
    const pc = this._pc;
    this._pc = null;
    if (pc === null) return;
    pc.onnegotiationneeded = pc.onicecandidate = pc.ontrack = null;
    pc.oniceconnectionstatechange = pc.onconnectionstatechange = null;
    pc.close();
  }

  _become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  _after(name, delayMs, act) {
    this._stop(name);
    this._timers.set(name, setTimeout(act, delayMs));
  }

  _stop(name) {
    clearTimeout(this._timers.get(name));
    this._timers.delete(name);
  }
}

/** Returns the session id of a description: the same as long as its side does not begin anew. */
export function sessionOf(sdp) {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}

function isOfSession(candidate, description) {
  const name = candidate.usernameFragment;
  return !name || description.sdp.includes(`a=ice-ufrag:${name}`);
}

async function limitSender(sender, kind, face) {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings ?? [];
  // Before the first negotiation some browsers know no encodings.
  if (encoding === undefined || (kind === 'video' && face === null)) return;
  const wanted = kind === 'audio' ? voiceEncoding() : faceEncoding(face, sender.track);
  Object.assign(encoding, wanted);
  if (kind === 'video') parameters.degradationPreference = 'balanced';
  try {
    await sender.setParameters(parameters);
  } catch (error) {
    // Firefox and Safari lack some of these; the rest still counts the next time.
    if (error.name !== 'InvalidStateError' && error.name !== 'InvalidModificationError') {
      console.info('a limit was not taken', error);
    }
  }
}

function voiceEncoding() {
  return { active: true, maxBitrate: VOICE_BPS, priority: 'high', networkPriority: 'high' };
}

function faceEncoding({ active, maxBitrate, height, fps }, track) {
  const own = track?.getSettings?.() ?? {};
  // A phone held upright has its longer side up.
  const shorter = Math.min(own.height ?? height, own.width ?? height);
  return {
    active,
    maxBitrate,
    maxFramerate: fps,
    scaleResolutionDownBy: Math.max(1, shorter / height),
    priority: 'low',
    networkPriority: 'low',
  };
}
