/**
 * Where the page is on the glass: scale and corner in whole device px, with limits.
 *
 * A view is `{scale, left, top}`: device px per pt, and how far the page's corner lies left of
 * and above the canvas.
 */

const MOST_SCALE = 24;
/** Of the scale at which the page fits: how far one can step back. */
const LEAST_SHARE = 0.5;
/** Of the canvas: so much of the page stays in sight. */
const IN_SIGHT = 0.25;
const MOST_RATIO = 2;
/** Memory of a canvas on a small phone: four bytes each, and there are two of them. */
const MOST_PIXELS = 4_200_000;

export class Viewport {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.ratio = 1;
    this.isFitted = true;
    this._page = { widthPt: 1440, heightPt: 810 };
    this._scale = 1;
    this._x = 0;
    this._y = 0;
  }

  /** The view as it is painted: its corner on whole px, so that lines stay sharp. */
  get view() {
    return { scale: this._scale, left: Math.round(this._x), top: Math.round(this._y) };
  }

  /** Take the size of the glass in CSS px. */
  resize(width, height, devicePixelRatio) {
    const most = Math.sqrt(MOST_PIXELS / Math.max(width * height, 1));
    const middle = this.toPage(this.width / 2, this.height / 2);
    this.ratio = Math.min(devicePixelRatio, MOST_RATIO, most);
    this.width = Math.max(Math.round(width * this.ratio), 1);
    this.height = Math.max(Math.round(height * this.ratio), 1);
    if (this.isFitted) this.fit();
    else this._place(middle, this.width / 2, this.height / 2);
  }

  /** Take the page that is looked at, and show all of it. */
  show(page) {
    this._page = page;
    this.fit();
  }

  fit() {
    this.isFitted = true;
    this._scale = this._fitting();
    this._x = (this._page.widthPt * this._scale - this.width) / 2;
    this._y = (this._page.heightPt * this._scale - this.height) / 2;
  }

  /** Return the place on the page under a place on the canvas (device px). */
  toPage(x, y) {
    return {
      x: (x + Math.round(this._x)) / this._scale,
      y: (y + Math.round(this._y)) / this._scale,
    };
  }

  /** Return the part of the page in sight, pt. */
  inSight() {
    const from = this.toPage(0, 0);
    const to = this.toPage(this.width, this.height);
    return { left: from.x, top: from.y, right: to.x, bottom: to.y };
  }

  pan(dx, dy) {
    this.isFitted = false;
    this._x -= dx;
    this._y -= dy;
    this._limit();
  }

  /** Zoom by a factor; what is under (x, y) stays there. */
  zoom(factor, x, y) {
    const place = this.toPage(x, y);
    this.isFitted = false;
    const fitting = this._fitting();
    this._scale = Math.min(Math.max(this._scale * factor, fitting * LEAST_SHARE), MOST_SCALE);
    this._place(place, x, y);
  }

  _place(place, x, y) {
    this._x = place.x * this._scale - x;
    this._y = place.y * this._scale - y;
    this._limit();
  }

  _fitting() {
    return Math.min(this.width / this._page.widthPt, this.height / this._page.heightPt, MOST_SCALE);
  }

  _limit() {
    const limited = (place, length, extent) => {
      const margin = Math.min(length, extent) * IN_SIGHT;
      return Math.min(Math.max(place, margin - length), Math.max(extent - margin, 0));
    };
    // Ink may lie beyond the page to the right and below: as much again can be looked at.
    this._x = limited(this._x, this.width, this._page.widthPt * this._scale * 2);
    this._y = limited(this._y, this.height, this._page.heightPt * this._scale * 2);
  }
}
