/**
 * The sound when somebody waits at the door: two soft notes, made here, no file.
 */

/** Notes of the chime, and when each begins. */
const NOTES = [
  { hz: 659.26, atS: 0 },
  { hz: 523.25, atS: 0.28 },
];
const RINGS_S = 1.4;
const LOUDNESS = 0.12;
/** Whoever has just heard it needs no second one. */
const QUIET_MS = 4000;

export class Chime {
  constructor({ make = () => new AudioContext() } = {}) {
    this._make = make;
    this._context = null;
    this._last = -Infinity;
    this.on = true;
    // A browser lets nothing sound before the first touch.
    const wake = () => this._wake();
    document.addEventListener('pointerdown', wake, { once: true });
    document.addEventListener('keydown', wake, { once: true });
  }

  /** Sounds once, unless it just did or is turned off. */
  ring() {
    const now = performance.now();
    if (!this.on || now - this._last < QUIET_MS) return;
    this._last = now;
    this._wake();
    const { _context: context } = this;
    if (context?.state !== 'running') return;
    for (const { hz, atS } of NOTES) strike(context, hz, context.currentTime + atS);
  }

  _wake() {
    try {
      this._context ??= this._make();
      this._context.resume().catch(() => {});
    } catch {
      // No sound on this machine: the words are there as well.
    }
  }
}

function strike(context, hz, atS) {
  const tone = context.createOscillator();
  const loud = context.createGain();
  tone.frequency.value = hz;
  loud.gain.setValueAtTime(0, atS);
  loud.gain.linearRampToValueAtTime(LOUDNESS, atS + 0.01);
  loud.gain.exponentialRampToValueAtTime(0.0005, atS + RINGS_S);
  tone.connect(loud).connect(context.destination);
  tone.start(atS);
  tone.stop(atS + RINGS_S);
}
