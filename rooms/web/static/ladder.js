/**
 * What to give up on a weak line: faces first, then the document, never the voice.
 *
 * Pure: measurements and the time go in, the rung comes out. It goes down after the line has been
 * bad for `DOWN_MS`, by as many rungs as it takes, and up one rung at a time after it has been
 * good for a while. When a rung that was just taken back does not hold, the next wait is twice as
 * long, so that a line at its limit does not make the picture come and go.
 */

import { Rung } from './wire.js';

const DOWN_MS = 2000;
const UP_MS = 8000;
const LONGEST_UP_MS = 60_000;
/** A rung that breaks within this time after going up did not hold. */
const TRIAL_MS = 15_000;
/** What is measured in the first seconds says how WebRTC starts, not how the line is. */
const SETTLE_MS = 5000;
/** Nothing heard for so long: what was good before says nothing of now. */
const SILENT_MS = 5000;

/** Lost packets and round trip from which a rung is needed. */
const LOSS_AT = [0, 0.02, 0.06, 0.12, 0.2];
const RTT_MS_AT = [0, 600, 1000, 1600, 2500];
/** What each person one sends to needs at least, in bit/s, for the rung above. */
const BPS_AT = [0, 450_000, 150_000, 90_000, 50_000];
const GOOD_LOSS = 0.015;
const GOOD_RTT_MS = 400;

/**
 * @typedef {object} Measured
 * @property {boolean} heard Whether anything has come at all since the last time.
 * @property {?number} loss Share of packets lost, 0..1, the worse of both directions.
 * @property {?number} rttMs Round trip.
 * @property {?number} bpsEach What the line carries for each peer; null while it was not tried.
 */

/** Returns the rung that a line needs by its measurements alone. */
export function rungFor({ loss = null, rttMs = null, bpsEach = null }) {
  let rung = Rung.EVERYTHING;
  for (let tried = Rung.SMALL_FACES; tried <= Rung.VOICE_AND_INK; tried += 1) {
    const bad =
      (loss !== null && loss >= LOSS_AT[tried]) ||
      (rttMs !== null && rttMs >= RTT_MS_AT[tried]) ||
      (bpsEach !== null && bpsEach < BPS_AT[tried]);
    if (bad) rung = tried;
  }
  return rung;
}

export class Ladder {
  /** @param {number} nowMs When the first media flowed. */
  constructor(nowMs) {
    this.rung = Rung.EVERYTHING;
    this._startMs = nowMs;
    this._badSinceMs = null;
    this._goodSinceMs = null;
    this._leastBad = null;
    this._heardMs = nowMs;
    this._wentUpMs = null;
    this._upMs = UP_MS;
  }

  /** Takes a measurement and returns the rung to be on. */
  step(measured, nowMs) {
    if (nowMs - this._startMs < SETTLE_MS) return this.rung;
    if (measured.heard ?? true) this._heardMs = nowMs;
    const needed = rungFor(measured);
    if (needed > this.rung) this._bad(needed, nowMs);
    else if (nowMs - this._heardMs >= SILENT_MS) this._neither(nowMs);
    else if (this.rung > 0 && isGood(measured)) this._good(nowMs);
    else this._neither(nowMs);
    return this.rung;
  }

  _bad(needed, nowMs) {
    this._goodSinceMs = null;
    this._badSinceMs ??= nowMs;
    // One bad moment among others does not say how far to go.
    this._leastBad = Math.min(needed, this._leastBad ?? needed);
    if (nowMs - this._badSinceMs < DOWN_MS) return;
    if (this._wentUpMs !== null && nowMs - this._wentUpMs < TRIAL_MS) {
      this._upMs = Math.min(LONGEST_UP_MS, 2 * this._upMs);
    }
    this.rung = this._leastBad;
    this._forget();
  }

  _good(nowMs) {
    this._badSinceMs = this._leastBad = null;
    this._goodSinceMs ??= nowMs;
    if (nowMs - this._goodSinceMs < this._upMs || nowMs !== this._heardMs) return;
    this.rung -= 1;
    this._wentUpMs = nowMs;
    this._forget();
  }

  _neither(nowMs) {
    this._forget();
    if (this._wentUpMs !== null && nowMs - this._wentUpMs > 2 * LONGEST_UP_MS) this._upMs = UP_MS;
  }

  _forget() {
    this._badSinceMs = this._goodSinceMs = this._leastBad = null;
  }
}

/** Going up asks for nothing of the bit rate: what is not sent is not measured. */
function isGood({ loss = null, rttMs = null }) {
  return (loss ?? 0) < GOOD_LOSS && (rttMs ?? 0) < GOOD_RTT_MS;
}

/**
 * Returns how to send one's own face.
 *
 * @param {number} rung The worse of one's own and the receiver's.
 * @param {number} peers How many receive it.
 * @param {boolean} weakDevice Whether the processor does not keep up.
 */
export function faceFor(rung, peers, weakDevice) {
  if (rung >= Rung.NO_FACES) return { active: false, maxBitrate: 80_000, height: 180, fps: 15 };
  if (rung === Rung.SMALL_FACES) return { active: true, maxBitrate: 150_000, height: 180, fps: 15 };
  if (weakDevice) return { active: true, maxBitrate: 350_000, height: 360, fps: 20 };
  if (peers > 1) return { active: true, maxBitrate: 500_000, height: 360, fps: 24 };
  return { active: true, maxBitrate: 1_300_000, height: 720, fps: 30 };
}
