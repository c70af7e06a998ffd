/**
 * Strokes under a pen, one's own and those of others, on a canvas of their own.
 *
 * The outline of all but the last samples is settled and kept in chunks; only the tail is made
 * anew with each sample, and only what it touches is painted again.
 */

import { around, intersects, inkReachPt, outset, united } from './bounds.js';
import { blendMode, fillInk } from './ink.js';
import { Brush } from './items.js';
import { LAG, centreLine, outlineLine, pathOf, refine } from './outline.js';
import { css, highlighterRgb } from './palette.js';

const CHUNK = 40;
const DETAIL_PX = 0.2;
const MARGIN_PX = 2;

/** A stroke that grows. Columns in pt, 0..1, seconds since pen down, rad. */
export class WetStroke {
  /** @param {{brush: number, colour: number, widthPt: number, hasPressure: boolean}} style */
  constructor(page, style) {
    this.page = page;
    this.style = style;
    this.x = [];
    this.y = [];
    this.pressure = [];
    this.time = [];
    this.tilt = [];
    /** What the pen will have done in the next frame; painted, never kept. */
    this.predicted = [];
    this._chunks = [];
    this._settled = 0;
    this._tail = null;
    this._scale = 0;
  }

  get count() {
    return this.x.length;
  }

  append(x, y, pressure, time, tilt) {
    this.x.push(x);
    this.y.push(y);
    this.pressure.push(Math.min(Math.max(pressure, 0), 1));
    this.time.push(Math.max(time, this.time.at(-1) ?? 0));
    this.tilt.push(Math.min(Math.max(tilt, 0), Math.PI / 2));
  }

  /** All samples so far. */
  samples() {
    const { x, y, pressure, time, tilt, count } = this;
    return { count, x, y, pressure, time, tilt };
  }

  /** How far all of it reaches, pt. */
  bounds() {
    return this._chunks.reduce(
      (sum, { bounds }) => united(sum, bounds),
      this._tail?.bounds ?? null,
    );
  }

  /** Work out the outline at a scale; returns what has to be painted again, pt, or null. */
  update(scale) {
    let dirty = this._tail?.bounds ?? null;
    if (scale !== this._scale) {
      dirty = united(dirty ?? this.bounds(), this.bounds());
      this._scale = scale;
      this._chunks = [];
      this._settled = 0;
    }
    while (this.count - LAG - this._settled > CHUNK) {
      const end = this._settled + CHUNK;
      const chunk = this._piece(this._settled, end, false);
      this._chunks.push(chunk);
      this._settled = end;
      dirty = united(dirty, chunk.bounds);
    }
    this._tail = this.count ? this._piece(this._settled, this.count - 1, true) : null;
    return this._tail ? united(dirty, this._tail.bounds) : dirty;
  }

  /** Paint what reaches into a part of the page; the context is in page space. */
  paint(context, part, fill) {
    for (const piece of [...this._chunks, this._tail]) {
      if (piece && intersects(piece.bounds, part))
        fill(context, piece.path, this.style, piece.bounds);
    }
  }

  /** Return rows `first` to `last` as a path; rows around them shape its ends. */
  _piece(first, last, isTail) {
    const from = Math.max(first - LAG, 0);
    const to = isTail ? this.count : Math.min(last + LAG + 1, this.count);
    const part = {};
    for (const column of ['x', 'y', 'pressure', 'time', 'tilt'])
      part[column] = this[column].slice(from, to);
    if (isTail)
      for (const sample of this.predicted)
        for (const column in sample) part[column].push(sample[column]);
    const line = centreLine(part, this.style);
    const end = isTail ? line.count : last - from + 1;
    const rows = {
      count: end - (first - from),
      x: line.x.subarray(first - from, end),
      y: line.y.subarray(first - from, end),
      half: line.half.subarray(first - from, end),
    };
    const tolerance = DETAIL_PX / this._scale;
    // Chalk shows where two pieces lie on one another; other ink does not.
    const isOpaque = this.style.brush !== Brush.CHALK;
    const caps = { startCap: isOpaque || first === 0, endCap: isOpaque || isTail };
    const path = pathOf(outlineLine(refine(rows, tolerance), tolerance, caps));
    const points = Array.from(rows.x, (x, i) => [x, rows.y[i]]);
    return { path, bounds: outset(around(points), inkReachPt(this.style, true)) };
  }
}

/** A canvas of wet strokes. */
export class WetLayer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {InkLayer} below What lies under it; a highlighter mixes with that.
   */
  constructor(canvas, below, { desynchronized = false } = {}) {
    this.canvas = canvas;
    this.strokes = new Map();
    this._context = canvas.getContext('2d', { desynchronized });
    this._below = below;
    this._dirty = null;
  }

  add(id, stroke) {
    this.strokes.set(id, stroke);
  }

  /** Take a stroke away; it is gone with the next `paint`. */
  remove(id) {
    const stroke = this.strokes.get(id);
    if (!stroke) return;
    this.strokes.delete(id);
    this._dirty = united(this._dirty ?? stroke.bounds(), stroke.bounds() ?? this._dirty);
  }

  resize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
  }

  /** Paint what changed. */
  paint(view, page, isDark) {
    let dirty = this._dirty;
    this._dirty = null;
    for (const stroke of this.strokes.values()) {
      const part = stroke.update(view.scale);
      if (part && stroke.page === page) dirty = united(dirty, part);
    }
    if (dirty) this._repaint(dirty, view, page, isDark);
  }

  /** Paint all of it: the view is another one. */
  paintAll(view, page, isDark) {
    this._dirty = null;
    for (const stroke of this.strokes.values()) stroke.update(view.scale);
    const { width, height } = this.canvas;
    this._repaint(
      {
        left: view.left / view.scale,
        top: view.top / view.scale,
        right: (view.left + width) / view.scale,
        bottom: (view.top + height) / view.scale,
      },
      view,
      page,
      isDark,
    );
  }

  _repaint(dirty, view, page, isDark) {
    const context = this._context;
    const x = Math.floor(dirty.left * view.scale - view.left) - MARGIN_PX;
    const y = Math.floor(dirty.top * view.scale - view.top) - MARGIN_PX;
    const width = Math.ceil(dirty.right * view.scale - view.left) + MARGIN_PX - x;
    const height = Math.ceil(dirty.bottom * view.scale - view.top) + MARGIN_PX - y;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(x, y, width, height);
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.setTransform(view.scale, 0, 0, view.scale, -view.left, -view.top);
    const fill = (target, path, style) => this._fill(target, path, style, view, isDark);
    for (const stroke of this.strokes.values()) {
      if (stroke.page === page) stroke.paint(context, dirty, fill);
    }
    context.restore();
  }

  _fill(context, path, style, view, isDark) {
    if (style.brush !== Brush.HIGHLIGHTER) {
      fillInk(context, path, style, isDark);
      return;
    }
    // It mixes with what is finished, which is on the canvas below.
    context.save();
    context.clip(path);
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (sameView(this._below.painted, view)) context.drawImage(this._below.canvas, 0, 0);
    context.globalCompositeOperation = blendMode(isDark);
    context.fillStyle = css(highlighterRgb(style.colour, isDark));
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.restore();
  }
}

function sameView(one, other) {
  return one && one.scale === other.scale && one.left === other.left && one.top === other.top;
}
