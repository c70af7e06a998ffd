/**
 * Pen, fingers and mouse on the board, as a small state machine over pointer events.
 *
 * One pointer writes (or erases, or points, as the tool is); two fingers move and zoom. A
 * finger that began to write gives the stroke up when a second one comes soon after. Once a pen
 * was seen, fingers move the page.
 *
 * What it says, to the object it is given: `begin(sample, kind) -> boolean`, `extend(samples,
 * predicted)`, `finish()`, `giveUp()`, `hover(place)`, `leave()`, `pan(dx, dy)`, `zoom(factor,
 * x, y)`, `moved()` (a gesture is over). Places are in CSS px of the element.
 */

/** A second finger that comes later than this does not take the stroke away. */
const SECOND_FINGER_MS = 250;
/** Fingers that are closer than this say nothing about a size. */
const LEAST_APART_PX = 8;
const ERASER_BUTTON = 32;
const WHEEL_ZOOM = 0.0022;
const LINE_PX = 16;

export class Hand {
  /**
   * @param {HTMLElement} element
   * @param {object} board
   */
  constructor(element, board) {
    this._element = element;
    this._board = board;
    this._hasPen = false;
    /** The pointer that writes: {id, at}. */
    this._writing = null;
    /** Fingers that move the page: id to place. */
    this._moving = new Map();
    this._frame = null;
    this._listening = new AbortController();
    const { signal } = this._listening;
    const listen = (name, act, options = {}) =>
      element.addEventListener(name, act, { signal, ...options });
    listen('pointerdown', (event) => this._down(event));
    listen('pointermove', (event) => this._move(event));
    listen('pointerup', (event) => this._up(event, false));
    listen('pointercancel', (event) => this._up(event, true));
    listen('pointerleave', (event) => this._left(event));
    listen('wheel', (event) => this._wheel(event), { passive: false });
    listen('contextmenu', (event) => event.preventDefault());
    // Safari scrolls, magnifies and writes letters by hand unless the touch itself is refused.
    listen('touchstart', (event) => event.preventDefault(), { passive: false });
    listen('touchmove', (event) => event.preventDefault(), { passive: false });
    listen('gesturestart', (event) => event.preventDefault());
  }

  destroy() {
    this.giveUp();
    this._listening.abort();
  }

  /** Give up what is being written: the right to was taken away. */
  giveUp() {
    if (!this._writing) return;
    this._writing = null;
    this._board.giveUp();
  }

  _down(event) {
    this._element.focus({ preventScroll: true });
    event.preventDefault();
    this._hasPen ||= event.pointerType === 'pen';
    if (this._isMove(event)) {
      this._startMoving(event);
      return;
    }
    if (this._writing || this._moving.size) return;
    const kind = event.buttons & ERASER_BUTTON ? 'eraser' : 'tool';
    const [sample] = this._samples([event]);
    if (!this._board.begin(sample, kind)) {
      if (event.pointerType === 'touch') this._startMoving(event);
      return;
    }
    this._capture(event);
    this._writing = {
      id: event.pointerId,
      at: event.timeStamp,
      place: this._place(event),
      isTouch: event.pointerType === 'touch',
    };
  }

  /** Whether a pointer that comes down moves the page. */
  _isMove(event) {
    if (event.pointerType === 'mouse')
      return event.button === 1 || this._board.tool.kind === 'hand';
    if (event.pointerType === 'pen') return this._board.tool.kind === 'hand';
    if (this._moving.size) return true;
    if (!this._writing) return this._hasPen || this._board.tool.kind === 'hand';
    const isSecond = this._writing.isTouch && event.timeStamp - this._writing.at < SECOND_FINGER_MS;
    if (isSecond) {
      this._moving.set(this._writing.id, this._writing.place);
      this.giveUp();
    }
    return isSecond;
  }

  _startMoving(event) {
    this._capture(event);
    this._moving.set(event.pointerId, this._place(event));
  }

  _move(event) {
    if (this._writing?.id === event.pointerId) {
      this._writing.place = this._place(event);
      const events = event.getCoalescedEvents?.() ?? [];
      const predicted = event.getPredictedEvents?.() ?? [];
      this._board.extend(
        this._samples(events.length ? events : [event]),
        this._samples(predicted.slice(0, 2)),
      );
    } else if (this._moving.has(event.pointerId)) {
      this._moveView(event);
    } else if (event.pointerType !== 'touch' && !this._writing) {
      this._board.hover(this._place(event));
    }
  }

  _moveView(event) {
    const before = this._middle();
    this._moving.set(event.pointerId, this._place(event));
    const after = this._middle();
    this._board.pan(after.x - before.x, after.y - before.y);
    if (Math.min(before.apart, after.apart) > LEAST_APART_PX)
      this._board.zoom(after.apart / before.apart, after.x, after.y);
  }

  /** The middle of the fingers, and how far apart two of them are. */
  _middle() {
    const places = [...this._moving.values()].slice(0, 2);
    const x = places.reduce((sum, place) => sum + place.x, 0) / places.length;
    const y = places.reduce((sum, place) => sum + place.y, 0) / places.length;
    const apart =
      places.length > 1 ? Math.hypot(places[0].x - places[1].x, places[0].y - places[1].y) : 0;
    return { x, y, apart };
  }

  _up(event, isCancelled) {
    if (this._writing?.id === event.pointerId) {
      if (isCancelled) {
        this.giveUp();
        return;
      }
      this._writing = null;
      this._board.finish();
    } else if (this._moving.delete(event.pointerId) && !this._moving.size) {
      this._board.moved();
    }
  }

  _left(event) {
    if (!this._writing && event.pointerType !== 'touch') this._board.leave();
  }

  _wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const { x, y } = this._place(event);
    if (event.ctrlKey || event.metaKey)
      this._board.zoom(Math.exp(-event.deltaY * unit * WHEEL_ZOOM * 3), x, y);
    else if (event.shiftKey) this._board.pan(-event.deltaY * unit, 0);
    else this._board.pan(-event.deltaX * unit, -event.deltaY * unit);
    this._board.moved();
  }

  _samples(events) {
    this._frame = this._element.getBoundingClientRect();
    return events.map((event) => ({
      ...this._place(event, this._frame),
      hasPressure: event.pointerType === 'pen' && event.pressure > 0,
      pressure: event.pointerType === 'pen' ? event.pressure : 0.5,
      tilt: tiltOf(event),
      timeS: event.timeStamp / 1000,
    }));
  }

  _place(event, frame = this._element.getBoundingClientRect()) {
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  _capture(event) {
    try {
      this._element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its pointercancel follows.
    }
  }
}

/** Return the tilt from the vertical, rad. */
function tiltOf(event) {
  if (event.pointerType !== 'pen') return 0;
  if (Number.isFinite(event.altitudeAngle))
    return Math.min(Math.max(Math.PI / 2 - event.altitudeAngle, 0), Math.PI / 2);
  const along = Math.tan(((event.tiltX ?? 0) * Math.PI) / 180);
  const across = Math.tan(((event.tiltY ?? 0) * Math.PI) / 180);
  return Math.min(Math.atan(Math.hypot(along, across)), Math.PI / 2);
}
