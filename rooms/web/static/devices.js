/**
 * Microphone and camera: chosen for people, changed for them when something is unplugged.
 *
 * Events: `change` (tracks or states are other ones now).
 * States of each: off (not wanted), on, asking, denied, missing, busy.
 */

const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** A track that is still silent so long after the page is looked at again is taken anew. */
const MUTED_MS = 1200;

export class Devices extends EventTarget {
  constructor({ media = navigator.mediaDevices } = {}) {
    super();
    this.audio = null;
    this.video = null;
    this.states = { audio: 'off', video: 'off' };
    this._media = media;
    this._wanted = { audio: false, video: false };
    this._asking = null;
    media?.addEventListener?.('devicechange', () => this._mend());
    document.addEventListener('visibilitychange', () => this._seen());
  }

  /** Whether this browser, or this kind of address, has devices at all. */
  get possible() {
    return Boolean(this._media?.getUserMedia);
  }

  /** Asks for both at once: one question of the browser, not two. */
  async start({ audio = true, video = true } = {}) {
    this._wanted = { audio, video };
    await this._get({ audio, video });
  }

  /** Turns the microphone ("audio") or the camera ("video") on or off. */
  async turn(kind, on) {
    this._wanted[kind] = on;
    if (!on && kind === 'video') {
      // The light beside a camera has to go out.
      this._stop(kind);
      this._become(kind, 'off');
    } else if (!on) {
      if (this[kind]) this[kind].enabled = false;
      this._become(kind, 'off');
    } else if (this[kind]?.readyState === 'live') {
      this[kind].enabled = true;
      this._become(kind, 'on');
    } else {
      await this._get({ audio: kind === 'audio', video: kind === 'video' });
    }
  }

  isOn(kind) {
    return this.states[kind] === 'on';
  }

  /** Gives everything back. */
  stop() {
    this._wanted = { audio: false, video: false };
    for (const kind of ['audio', 'video']) {
      this._stop(kind);
      this.states[kind] = 'off';
    }
    this._tell();
  }

  async _get(wish) {
    // One question at a time: two at once are refused by some browsers.
    while (this._asking !== null) await this._asking;
    this._asking = this._ask(wish).finally(() => {
      this._asking = null;
    });
    await this._asking;
  }

  async _ask(wish) {
    const kinds = ['audio', 'video'].filter((kind) => wish[kind] && this._wanted[kind]);
    if (kinds.length === 0) return;
    if (!this.possible) {
      kinds.forEach((kind) => this._become(kind, 'missing'));
      return;
    }
    kinds.forEach((kind) => this._become(kind, 'asking'));
    try {
      this._take(await this._media.getUserMedia(this._constraints(kinds)), kinds);
    } catch (error) {
      await this._askApart(kinds, error);
    }
  }

  /** One of them is missing, busy or refused: the other one may still be there. */
  async _askApart(kinds, error) {
    for (const kind of kinds) {
      if (kinds.length === 1 || (await isHopeless(kind, error))) {
        this._become(kind, stateAfter(error));
        continue;
      }
      try {
        this._take(await this._media.getUserMedia(this._constraints([kind])), [kind]);
      } catch (apart) {
        this._become(kind, stateAfter(apart));
      }
    }
  }

  _constraints(kinds) {
    const wish = {};
    if (kinds.includes('audio')) wish.audio = VOICE;
    if (kinds.includes('video')) wish.video = faceConstraints();
    return wish;
  }

  _take(stream, kinds) {
    for (const kind of ['audio', 'video']) {
      const [track] = stream.getTracks().filter((one) => one.kind === kind);
      if (track === undefined) continue;
      if (!kinds.includes(kind) || !this._wanted[kind]) {
        track.stop();
        continue;
      }
      this._stop(kind);
      this[kind] = track;
      if (kind === 'video') track.contentHint = 'motion';
      track.onended = () => this[kind] === track && this._ended(kind);
      track.onunmute = () => this._tell();
      this._become(kind, 'on');
    }
  }

  /** Unplugged, or taken by a telephone call: another one, if there is. */
  _ended(kind) {
    this[kind] = null;
    this._become(kind, 'missing');
    this._mend();
  }

  _mend() {
    const kinds = ['audio', 'video'].filter(
      (kind) => this._wanted[kind] && ['missing', 'busy'].includes(this.states[kind]),
    );
    if (kinds.length > 0) {
      this._get({ audio: kinds.includes('audio'), video: kinds.includes('video') });
    }
  }

  /** The page is looked at again: what the phone had silenced meanwhile has to speak. */
  _seen() {
    if (document.visibilityState !== 'visible') return;
    this._mend();
    setTimeout(() => {
      for (const kind of ['audio', 'video']) {
        const silent = this[kind] && (this[kind].muted || this[kind].readyState === 'ended');
        if (!silent || !this.isOn(kind)) continue;
        this._stop(kind);
        this._get({ audio: kind === 'audio', video: kind === 'video' });
      }
    }, MUTED_MS);
  }

  _stop(kind) {
    const track = this[kind];
    this[kind] = null;
    if (track === null) return;
    track.onended = track.onunmute = null;
    track.stop();
  }

  _become(kind, state) {
    this.states[kind] = state;
    this._tell();
  }

  _tell() {
    this.dispatchEvent(new Event('change'));
  }
}

/** How loud a microphone is, 0..1, so that people see that they are heard. */
export class LevelMeter {
  /** @param {function(number): void} show Called some 15 times a second. */
  constructor(show) {
    this._show = show;
    this._context = null;
    this._source = null;
    this._track = null;
    this._timer = null;
    this._level = 0;
  }

  /** Listens to a track, or to nothing. */
  listen(track) {
    if (track === this._track) return;
    this._forget();
    this._track = track;
    if (track === null) {
      this._show(0);
      return;
    }
    this._context ??= new AudioContext();
    this._source = this._context.createMediaStreamSource(new MediaStream([track]));
    const analyser = this._context.createAnalyser();
    analyser.fftSize = 1024;
    this._source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this._timer = setInterval(() => this._measure(analyser, samples), 66);
  }

  close() {
    this.listen(null);
    this._context?.close();
    this._context = null;
  }

  _measure(analyser, samples) {
    // A context that began before anybody touched the page sleeps.
    if (this._context.state === 'suspended') this._context.resume();
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    const loudness = Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 50));
    // Quick up, slow down, as meters are.
    this._level = Math.max(loudness, this._level * 0.85);
    this._show(this._level);
  }

  _forget() {
    clearInterval(this._timer);
    this._source?.disconnect();
    this._source = null;
    this._track = null;
    this._level = 0;
  }
}

function faceConstraints() {
  const weak = (navigator.hardwareConcurrency ?? 4) <= 2 || (navigator.deviceMemory ?? 4) <= 2;
  const [width, height] = weak ? [640, 360] : [1280, 720];
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: 24, max: 30 },
    facingMode: 'user',
  };
}

function stateAfter(error) {
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'missing';
  }
}

/** Who was just told no is not asked again; only what was never refused. */
async function isHopeless(kind, error) {
  if (stateAfter(error) !== 'denied') return false;
  try {
    const name = kind === 'audio' ? 'microphone' : 'camera';
    return (await navigator.permissions.query({ name })).state !== 'granted';
  } catch {
    return true;
  }
}
