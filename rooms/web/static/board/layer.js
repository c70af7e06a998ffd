/**
 * The canvas of what is finished: background, sheet, items of one page.
 *
 * Small changes repaint what they touch, at once. A new view is painted in slices that leave
 * the hand free, on a canvas behind, while the old picture is moved and scaled in its place.
 */

import { isDark } from './pages.js';
import { paintBackground, paintItem, paintStrokeQuickly, toPage } from './painter.js';
import { isStroke } from './scene.js';

/** Of one frame, while something is to be seen already. */
const SLICE_MS = 8;
/** The same while nothing is: the page is being waited for. */
const FIRST_SLICE_MS = 28;
const ITEMS_BETWEEN_LOOKS = 16;
/** A page with more items is shown quickly first, then well. */
const QUICK_ABOVE = 1200;
/** More items than this at once are not painted at once. */
const MANY = 150;
/** More dirty rectangles than this are one. */
const MOST_RECTS = 24;
/** Around what an item covers: edges are soft. */
const MARGIN_PX = 2;

export class InkLayer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(page: object, scale: number) => ?CanvasImageSource} sheetPicture
   * @param {(sha256: string) => ?CanvasImageSource} image
   */
  constructor(canvas, sheetPicture, image) {
    this.canvas = canvas;
    this._front = canvas.getContext('2d', { alpha: false });
    this._back = document.createElement('canvas').getContext('2d', { alpha: false });
    this._sheetPicture = sheetPicture;
    this._image = image;
    this._scene = null;
    this._page = null;
    /** The view of the picture on the canvas; null while there is none of this page. */
    this._painted = null;
    this._job = null;
  }

  /** Whether the page is being painted for the first time. */
  get isFirst() {
    return this._job?.isFirst ?? false;
  }

  /** The view that the canvas shows now. */
  get painted() {
    return this._painted;
  }

  /** Show a page of a scene; nothing of the page before stays. */
  showPage(scene, page, view) {
    this._scene = scene;
    this._page = page;
    this._painted = null;
    this.repaint(view);
  }

  /** Paint all of the page in a view, in slices; `work` does them. */
  repaint(view) {
    if (!this._page) return;
    const isFirst = this._painted === null;
    const context = isFirst ? this._front : this._back;
    if (!isFirst) matchSize(this._back.canvas, this.canvas);
    const whole = { x: 0, y: 0, width: this.canvas.width, height: this.canvas.height };
    const entries = this._scene.within(ptOf(whole, view));
    const isQuick = isFirst && entries.length > QUICK_ABOVE;
    this._job = { view, context, isFirst, isQuick, at: 0, rects: [], entries };
    this._paintBackground(context, view, whole);
    if (isFirst) this._painted = view;
  }

  resize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this._painted = null;
  }

  /** Take in a change of the scene; see `Scene`. */
  change({ rects, onTop }) {
    const came = onTop.map((id) => this._scene.entry(id)).filter(Boolean);
    if (came.length > MANY) {
      // A board that comes all at once is painted as a page is, not in one breath.
      const view = this._job?.view ?? this._painted;
      if (came.length > QUICK_ABOVE) this._painted = null;
      if (view) this.repaint(view);
      return;
    }
    if (this._job) {
      this._job.entries.push(...came);
      this._job.rects.push(...rects);
    }
    if (!this._painted || this._job?.isFirst) return;
    this._repaintRects(this._front, this._painted, rects);
    toPage(this._front, this._painted);
    for (const entry of came) this._paint(this._front, this._painted, entry);
  }

  /** Work on what is to be painted; returns whether there is more. */
  work() {
    const job = this._job;
    if (!job) return false;
    const end = performance.now() + (job.isFirst ? FIRST_SLICE_MS : SLICE_MS);
    toPage(job.context, job.view);
    while (job.at < job.entries.length) {
      this._paint(job.context, job.view, job.entries[job.at], job.isQuick);
      job.at += 1;
      if (job.at % ITEMS_BETWEEN_LOOKS === 0 && performance.now() > end) return true;
    }
    this._finish(job);
    if (job.isQuick) this.repaint(job.view);
    return this._job !== null;
  }

  _finish(job) {
    this._job = null;
    this._repaintRects(job.context, job.view, job.rects);
    if (job.context === this._front) return;
    this._front.setTransform(1, 0, 0, 1, 0, 0);
    this._front.drawImage(this._back.canvas, 0, 0);
    this._painted = job.view;
    // Its memory is worth more than the time to make it anew.
    this._back.canvas.width = this._back.canvas.height = 0;
  }

  _repaintRects(context, view, rects) {
    const parts = merged(rects.map((rect) => this._pixels(rect, view)).filter(Boolean));
    for (const part of parts) {
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.beginPath();
      context.rect(part.x, part.y, part.width, part.height);
      context.clip();
      this._paintBackground(context, view, part);
      toPage(context, view);
      for (const entry of this._scene.within(ptOf(part, view))) this._paint(context, view, entry);
      context.restore();
    }
  }

  _paintBackground(context, view, part) {
    const picture = this._page.sheet && this._sheetPicture(this._page, view.scale);
    paintBackground(context, this._page, view, part, picture);
  }

  _paint(context, view, entry, isQuick = false) {
    const look = { isDark: isDark(this._page), scale: view.scale, image: this._image };
    if (isQuick && isStroke(entry)) {
      paintStrokeQuickly(context, entry.item, look);
      return;
    }
    const path = isStroke(entry) ? this._scene.path(entry, view.scale) : null;
    try {
      paintItem(context, entry.item, look, path);
    } catch (error) {
      // One item that a browser will not paint must not take the board with it.
      console.warn('an item could not be painted', entry.id, error);
    }
  }

  _pixels(rect, view) {
    const x = Math.max(Math.floor(rect.left * view.scale - view.left) - MARGIN_PX, 0);
    const y = Math.max(Math.floor(rect.top * view.scale - view.top) - MARGIN_PX, 0);
    const right = Math.min(
      Math.ceil(rect.right * view.scale - view.left) + MARGIN_PX,
      this.canvas.width,
    );
    const bottom = Math.min(
      Math.ceil(rect.bottom * view.scale - view.top) + MARGIN_PX,
      this.canvas.height,
    );
    return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
  }
}

function ptOf({ x, y, width, height }, { scale, left, top }) {
  return {
    left: (x + left) / scale,
    top: (y + top) / scale,
    right: (x + width + left) / scale,
    bottom: (y + height + top) / scale,
  };
}

function merged(parts) {
  if (parts.length <= MOST_RECTS) return parts;
  const x = Math.min(...parts.map((part) => part.x));
  const y = Math.min(...parts.map((part) => part.y));
  const right = Math.max(...parts.map((part) => part.x + part.width));
  const bottom = Math.max(...parts.map((part) => part.y + part.height));
  return [{ x, y, width: right - x, height: bottom - y }];
}

function matchSize(canvas, { width, height }) {
  canvas.width = width;
  canvas.height = height;
}
