/**
 * Strokes under a pen, over the line: own ones out, at most 60 messages a second, and those of
 * others in, until the finished item takes their place.
 */

import { MAX_LIVE_POINTS } from '../wire.js';
import { Brush } from './items.js';
import { BRUSHES } from './outline.js';
import { WetStroke } from './wet.js';

const LEAST_MS = 1000 / 60;
/** A stroke that is over waits so long for its item. */
const LINGER_MS = 1500;
/** One that says nothing any more is over. */
const SILENT_MS = 20_000;
const MOST_STROKES = 64;
const MOST_SAMPLES = 20_000;
/** Between two points of others: they come without times. */
const STEP_S = [0.002, 0.012];

/** Tells the others of the stroke under one's own pen. */
export class LiveSender {
  constructor(connection) {
    this._connection = connection;
    this._head = null;
    this._points = [];
    this._sentAt = -Infinity;
    this._timer = 0;
  }

  begin(stroke, page, { brush, colour, widthPt }) {
    this._head = { t: 'live', stroke, page, brush, colour, width_pt: widthPt };
    this._points = [];
  }

  /** Add a point; `flush` when those of one event are in. */
  add(x, y, pressure) {
    this._points.push(rounded(x, 100), rounded(y, 100), rounded(pressure, 1000));
  }

  /** Send at once when the last message is a frame ago, else with the next frame. */
  flush() {
    if (this._timer || !this._head) return;
    const waitMs = this._sentAt + LEAST_MS - performance.now();
    if (waitMs <= 0) this._send();
    else this._timer = setTimeout(() => this._send(), waitMs);
  }

  end() {
    if (!this._head) return;
    this._send(true);
    this._head = null;
  }

  _send(end = false) {
    clearTimeout(this._timer);
    this._timer = 0;
    if (!this._head || !(this._points.length || end)) return;
    this._sentAt = performance.now();
    const most = 3 * MAX_LIVE_POINTS;
    do {
      const points = this._points.splice(0, most);
      const isLast = end && !this._points.length;
      const message = { ...this._head, points, end: isLast };
      // Points may be left out on a crowded line; the end may not.
      if (isLast) this._connection.send(message);
      else this._connection.sendFleeting(message);
    } while (this._points.length);
  }
}

/** Shows the strokes under the pens of others on a `WetLayer`. */
export class LiveStrokes {
  /** @param {WetLayer} layer */
  constructor(layer) {
    this._layer = layer;
    /** Stroke id to {stroke, seat, heardAt, endAt}. */
    this._known = new Map();
  }

  /** Take a message in; returns where its pen is now, {page, x, y}, or null. */
  take(message, now) {
    const id = `${message.seat} ${message.stroke}`;
    let known = this._known.get(id);
    if (!known) {
      if (message.end || this._known.size >= MOST_STROKES) return null;
      const style = {
        brush: message.brush,
        colour: message.colour,
        widthPt: message.width_pt,
        hasPressure: true,
      };
      if (!BRUSHES[style.brush]) return null;
      known = {
        stroke: new WetStroke(message.page, style),
        seat: message.seat,
        item: message.stroke,
        heardAt: now,
        endAt: Infinity,
      };
      this._known.set(id, known);
      this._layer.add(id, known.stroke);
    }
    this._grow(known, message.points, now);
    if (message.end) known.endAt = now;
    const { stroke } = known;
    return stroke.count ? { page: stroke.page, x: stroke.x.at(-1), y: stroke.y.at(-1) } : null;
  }

  /** Let go of what is finished, was given up, or whose seat is gone; returns whether any. */
  sweep(now, isFinished) {
    let swept = false;
    for (const [id, known] of this._known) {
      const isOver = now > known.endAt + LINGER_MS || now > known.heardAt + SILENT_MS;
      if (!isOver && !isFinished(known.item)) continue;
      this._known.delete(id);
      this._layer.remove(id);
      swept = true;
    }
    return swept;
  }

  /** Whether somebody's stroke is on its way. */
  get isAny() {
    return this._known.size > 0;
  }

  seatLeft(seat) {
    for (const known of this._known.values()) if (known.seat === seat) known.endAt = -Infinity;
  }

  clear() {
    for (const id of this._known.keys()) this._layer.remove(id);
    this._known.clear();
  }

  _grow(known, points, now) {
    const { stroke } = known;
    const count = Math.floor(points.length / 3);
    const [least, most] = STEP_S;
    const step = Math.min(Math.max((now - known.heardAt) / 1000 / Math.max(count, 1), least), most);
    known.heardAt = now;
    for (let i = 0; i < count && stroke.count < MOST_SAMPLES; i += 1) {
      const [x, y, pressure] = points.slice(3 * i, 3 * i + 3);
      if (!Number.isFinite(x + y + pressure)) continue;
      stroke.append(x, y, pressure, (stroke.time.at(-1) ?? -step) + step, 0);
    }
  }
}

/** Return the pressure that makes a brush as wide as it is nominally. */
export function neutralPressure(brush) {
  const { thin, thick, gamma } = BRUSHES[brush];
  return brush === Brush.HIGHLIGHTER ? 0.5 : ((1 - thin) / (thick - thin)) ** (1 / gamma);
}

function rounded(value, steps) {
  return Math.round(value * steps) / steps;
}
