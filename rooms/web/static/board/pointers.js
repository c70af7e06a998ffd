/** Everybody's pointer and pen, with name and colour, fading when it rests. */

const SEND_MS = 1000 / 30;
const REST_MS = 2500;
const FADE_MS = 600;
const MOST = 64;
const COLOUR = /^#[0-9a-f]{6}$/;

/** Shows where the others point. */
export class Pointers {
  /** @param {HTMLElement} root Lies over the canvases; takes no events. */
  constructor(root) {
    this._root = root;
    this._seats = new Map();
    /** Seat to {page, x, y, element, label, timer}. */
    this._pointers = new Map();
    this._toGlass = null;
    this._page = null;
  }

  /** Names and colours, by seat. */
  setSeat(seat) {
    this._seats.set(seat.id, seat);
    const pointer = this._pointers.get(seat.id);
    if (pointer) dress(pointer, seat);
  }

  removeSeat(id) {
    this._seats.delete(id);
    this.hide(id);
  }

  /** Show a pointer at a place of a page, pt. */
  show(id, page, x, y) {
    let pointer = this._pointers.get(id);
    if (!pointer) {
      if (this._pointers.size >= MOST) return;
      pointer = this._make(id);
    }
    Object.assign(pointer, { page, x, y });
    pointer.element.style.opacity = '1';
    clearTimeout(pointer.timer);
    pointer.timer = setTimeout(() => this._fade(id), REST_MS);
    this._place(pointer);
  }

  hide(id) {
    const pointer = this._pointers.get(id);
    if (!pointer) return;
    clearTimeout(pointer.timer);
    pointer.element.remove();
    this._pointers.delete(id);
  }

  /** Follow the view; `toGlass` turns a place on the page into CSS px. */
  setView(page, toGlass) {
    this._page = page;
    this._toGlass = toGlass;
    for (const pointer of this._pointers.values()) this._place(pointer);
  }

  destroy() {
    for (const id of [...this._pointers.keys()]) this.hide(id);
  }

  _fade(id) {
    const pointer = this._pointers.get(id);
    pointer.element.style.opacity = '0';
    pointer.timer = setTimeout(() => this.hide(id), FADE_MS);
  }

  _place(pointer) {
    const isHere = this._toGlass !== null && pointer.page === this._page;
    pointer.element.style.display = isHere ? 'block' : 'none';
    if (!isHere) return;
    const { x, y } = this._toGlass(pointer.x, pointer.y);
    pointer.element.style.transform = `translate(${x}px, ${y}px)`;
  }

  _make(id) {
    const element = document.createElement('div');
    element.className = 'board-pointer';
    element.dataset.seat = id;
    Object.assign(element.style, {
      position: 'absolute',
      left: '0',
      top: '0',
      transition: `opacity ${FADE_MS}ms`,
      willChange: 'transform',
    });
    const dot = document.createElement('div');
    Object.assign(dot.style, {
      position: 'absolute',
      left: '-6px',
      top: '-6px',
      width: '12px',
      height: '12px',
      boxSizing: 'border-box',
      border: '2px solid white',
      borderRadius: '50%',
      boxShadow: '0 0 0 1px rgb(0 0 0 / .5)',
    });
    const label = document.createElement('div');
    Object.assign(label.style, {
      position: 'absolute',
      left: '9px',
      top: '7px',
      maxWidth: '12em',
      padding: '1px 6px',
      overflow: 'hidden',
      borderRadius: '4px',
      color: 'white',
      background: '#17221f',
      font: '600 13px/1.4 system-ui, sans-serif',
      textOverflow: 'ellipsis',
      whiteSpace: 'nowrap',
    });
    element.append(dot, label);
    this._root.append(element);
    const pointer = { element, dot, label, page: null, x: 0, y: 0, timer: 0 };
    this._pointers.set(id, pointer);
    dress(pointer, this._seats.get(id));
    return pointer;
  }
}

/** Tells the others where one points, at most 30 times a second. */
export class PointerSender {
  constructor(connection) {
    this._connection = connection;
    this._sentAt = -Infinity;
    this._timer = 0;
    this._next = null;
    this._isShown = false;
  }

  move(page, x, y) {
    this._next = {
      t: 'pointer',
      page,
      x_pt: Math.round(x * 10) / 10,
      y_pt: Math.round(y * 10) / 10,
    };
    if (this._timer) return;
    const waitMs = this._sentAt + SEND_MS - performance.now();
    if (waitMs <= 0) this._send();
    else this._timer = setTimeout(() => this._send(), waitMs);
  }

  leave() {
    clearTimeout(this._timer);
    this._timer = 0;
    this._next = null;
    if (this._isShown) this._connection.send({ t: 'pointer', page: null });
    this._isShown = false;
  }

  _send() {
    this._timer = 0;
    this._sentAt = performance.now();
    this._isShown = true;
    this._connection.sendFleeting(this._next);
  }
}

function dress({ dot, label }, seat) {
  const name = seat?.name ?? '';
  label.textContent = name;
  label.style.display = name ? 'block' : 'none';
  const colour = COLOUR.test(seat?.colour ?? '') ? seat.colour : '#24463a';
  dot.style.background = colour;
  label.style.borderLeft = `4px solid ${colour}`;
}
