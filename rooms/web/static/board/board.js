/**
 * The board in a browser: what is on the page that is shown, everybody's pen and pointer, and
 * one's own pen.
 *
 * Events: `page` (detail {page, number, count, isFollowing}), `synced`, `visible` (all there
 * is of the page can be seen), `drawn` (and looks as it should), `undo` (detail {canUndo, canRedo}), `refused` (detail {problem}: the
 * service did not take the last change).
 */

import * as Y from '../vendor/yjs.js';
import { Channel } from '../wire.js';
import { Description } from './description.js';
import { touches } from './erase.js';
import { Hand } from './hand.js';
import { Brush, Kind } from './items.js';
import { InkLayer } from './layer.js';
import { LiveSender, LiveStrokes, neutralPressure } from './live.js';
import { packItem, strokeItem } from './pack.js';
import { isDark } from './pages.js';
import { AROUND_RGB, BOARD_RGB, css } from './palette.js';
import { Pictures } from './pictures.js';
import { PointerSender, Pointers } from './pointers.js';
import { predict } from './prediction.js';
import { Scene } from './scene.js';
import { SharedDoc } from './sync.js';
import { Viewport } from './viewport.js';
import { WetLayer, WetStroke } from './wet.js';

const ERASER_PX = 14;
const KEY_PAN_PX = 60;
const KEY_ZOOM = 1.25;
/** A new view is painted when the hand has rested for so long, or is gone. */
const SETTLE_MS = 160;
/** What was erased so shortly before a refusal may be what was refused, and is fetched again. */
const ERASED_MS = 10_000;
const ALL_RIGHTS = Object.freeze({ draw: true, point: true, manage: false });

/** Brushes by the names of the tools. */
export const BRUSH_OF = Object.freeze({
  pen: Brush.PEN,
  highlighter: Brush.HIGHLIGHTER,
  chalk: Brush.CHALK,
});

export class Board extends EventTarget {
  /**
   * @param {HTMLElement} root Filled by the board; has a size of its own.
   * @param {{connection: Connection, room: object, seat: string, seats: ?object[],
   *   rights: ?object, shared: ?SharedDoc, fetchPicture: Function, texts: Texts}} options
   *   `room` and `seats` as the welcome has them; `seat` is the id of one's own; `shared` is
   *   made here when there is none; `fetchPicture` as `pictureFetcher` makes it.
   */
  constructor(
    root,
    { connection, room, seat, seats = [], rights = ALL_RIGHTS, shared = null, fetchPicture, texts },
  ) {
    super();
    this.tool = { kind: 'pen', colour: 0, widthPt: 3.5 };
    this.shared = shared ?? new SharedDoc(connection, Channel.BOARD_UPDATE);
    this._ownsShared = shared === null;
    this._connection = connection;
    this._texts = texts;
    this._seat = seat;
    this._rights = { ...ALL_RIGHTS, ...rights };
    this._led = room?.page ?? null;
    this._isFollowing = true;
    this._page = null;
    this._viewport = new Viewport();
    this._frameAsked = 0;
    this._settleTimer = 0;
    this._isMoving = false;
    this._isReported = false;
    this._isSeen = false;
    this._own = null;
    this._gone = [];
    this._erasedAt = -Infinity;
    this._listening = new AbortController();
    this._build(root);
    this._pictures = new Pictures(fetchPicture);
    this._live = new LiveStrokes(this._others);
    this._sender = new LiveSender(connection);
    this._pointerSender = new PointerSender(connection);
    for (const one of seats) this._pointers.setSeat(one);
    this._listen();
    this._openDocument();
    this._resize();
    this._hand = new Hand(root, this);
    this._resizer = new ResizeObserver(() => this._resize());
    this._resizer.observe(root);
  }

  // What others may do ---------------------------------------------------------------------

  /** The page that is shown: {id, ...}, or null. */
  get page() {
    return this._page;
  }

  get pages() {
    return this._scene.pages;
  }

  get isFollowing() {
    return this._isFollowing;
  }

  get canUndo() {
    return this._undo.canUndo();
  }

  get canRedo() {
    return this._undo.canRedo();
  }

  /** Take the pen away, or give it back; at once, also in the middle of a stroke. */
  setRights(rights) {
    this._rights = { ...this._rights, ...rights };
    if (!this._rights.draw) this._hand?.giveUp();
    if (!this._rights.point) this._pointerSender.leave();
    this._root.dataset.readonly = String(!this._rights.draw);
    this._showCursor();
  }

  /** Take a tool: {kind: pen | highlighter | chalk | eraser | hand | pointer, colour, widthPt}. */
  setTool(tool) {
    this._hand?.giveUp();
    this.tool = { ...this.tool, ...tool };
    this._showCursor();
  }

  /** Show the page that all are led to; who leafs through on their own is not disturbed. */
  showPage(id) {
    if (id === this._led) return;
    this._led = id;
    if (this._isFollowing) this._look(id);
    else this._tellPage();
  }

  /** Lead all to a page; for staff. */
  leadTo(id) {
    this._connection.send({ t: 'page', page: id });
    this._led = id;
    this.follow();
  }

  /** Show a page here alone, until `follow`. */
  lookAt(id) {
    this._isFollowing = id === this._led;
    this._look(id);
  }

  /** Show what all are led to, now and from now on. */
  follow() {
    this._isFollowing = true;
    this._look(this._led);
  }

  /** Go so many pages on, here alone. */
  turn(by) {
    const { pages } = this._scene;
    const at = pages.findIndex(({ id }) => id === this._page?.id);
    const next = pages[Math.min(Math.max(at + by, 0), pages.length - 1)];
    if (next && next.id !== this._page?.id) this.lookAt(next.id);
  }

  undo() {
    if (!this._rights.draw) return;
    this._hand.giveUp();
    this._erasedAt = performance.now();
    this._undo.undo();
    this.shared.flush();
  }

  redo() {
    if (!this._rights.draw) return;
    this._undo.redo();
    this.shared.flush();
  }

  /** Zoom about the middle. */
  zoomBy(factor) {
    this.zoom(factor, this._root.clientWidth / 2, this._root.clientHeight / 2);
    this.moved();
  }

  /** Show all of the page. */
  fit() {
    this._viewport.fit();
    this._viewChanged();
    this.moved();
  }

  /** Take no wider pictures of documents than this: 640, 1280 or 2560. */
  setPictureLimit(width) {
    this._pictures.setLimit(width);
  }

  destroy() {
    this._hand.destroy();
    this._listening.abort();
    this._resizer.disconnect();
    cancelAnimationFrame(this._frameAsked);
    clearTimeout(this._settleTimer);
    this._pointerSender.leave();
    this._pointers.destroy();
    this._pictures.destroy();
    this._undo.destroy();
    this._scene.destroy();
    if (this._ownsShared) this.shared.destroy();
    this._glass.remove();
  }

  // What the hand says ---------------------------------------------------------------------

  begin(sample, kind) {
    if (!this._page) return false;
    const tool = kind === 'eraser' ? 'eraser' : this.tool.kind;
    if (tool === 'pointer') {
      if (!this._rights.point) return false;
      this._own = { kind: 'pointer' };
      this._point(sample);
      return true;
    }
    if (!this._rights.draw || !(tool === 'eraser' || BRUSH_OF[tool])) return false;
    this._pointerSender.leave();
    this._undo.stopCapturing();
    if (tool === 'eraser') this._own = { kind: 'eraser', place: this._toPage(sample) };
    else this._beginStroke(sample, BRUSH_OF[tool]);
    this.extend([sample], []);
    return true;
  }

  extend(samples, predicted) {
    if (this._own?.kind === 'pointer') this._point(samples.at(-1));
    else if (this._own?.kind === 'eraser') samples.forEach((sample) => this._erase(sample));
    else if (this._own) this._write(samples, predicted);
  }

  finish() {
    const own = this._own;
    this._own = null;
    if (own?.kind === 'pointer') this._pointerSender.leave();
    else if (own?.kind === 'stroke') this._finishStroke(own);
    this._undo.stopCapturing();
    this.shared.flush();
  }

  giveUp() {
    const own = this._own;
    this._own = null;
    if (own?.kind === 'pointer') this._pointerSender.leave();
    if (own?.kind !== 'stroke') return;
    this._wet.remove(own.id);
    this._sender.end();
    this._paintWet();
  }

  hover(place) {
    if (this._rights.point) this._point(place);
  }

  leave() {
    this._pointerSender.leave();
  }

  pan(dx, dy) {
    const { ratio } = this._viewport;
    this._viewport.pan(dx * ratio, dy * ratio);
    this._viewChanged();
  }

  zoom(factor, x, y) {
    const { ratio } = this._viewport;
    this._viewport.zoom(factor, x * ratio, y * ratio);
    this._viewChanged();
  }

  moved() {
    this._settle(0);
  }

  // One's own pen --------------------------------------------------------------------------

  _beginStroke(sample, brush) {
    const style = {
      brush,
      colour: this.tool.colour,
      widthPt: this.tool.widthPt,
      hasPressure: sample.hasPressure,
    };
    const id = newId();
    const stroke = new WetStroke(this._page.id, style);
    this._own = { kind: 'stroke', id, stroke, startS: sample.timeS };
    this._wet.add(id, stroke);
    this._sender.begin(id, this._page.id, style);
  }

  _write(samples, predicted) {
    const { stroke, startS } = this._own;
    const { style } = stroke;
    for (const sample of samples) {
      const { x, y } = this._toPage(sample);
      stroke.append(x, y, sample.pressure, sample.timeS - startS, sample.tilt);
      this._sender.add(x, y, style.hasPressure ? sample.pressure : neutralPressure(style.brush));
    }
    stroke.predicted = this._ahead(stroke, predicted, startS);
    this._sender.flush();
    this._paintWet();
  }

  _ahead(stroke, predicted, startS) {
    if (predicted.length) {
      return predicted.map((sample) => ({
        ...this._toPage(sample),
        pressure: stroke.pressure.at(-1),
        time: sample.timeS - startS,
        tilt: stroke.tilt.at(-1),
      }));
    }
    const place = predict(stroke.x, stroke.y, stroke.time);
    if (!place) return [];
    return [
      {
        ...place,
        pressure: stroke.pressure.at(-1),
        time: stroke.time.at(-1) + 0.012,
        tilt: stroke.tilt.at(-1),
      },
    ];
  }

  _finishStroke({ id, stroke }) {
    stroke.predicted = [];
    const style = { page: stroke.page, z: this._scene.topZ(), author: this._seat, ...stroke.style };
    let data = null;
    try {
      data = packItem(strokeItem(stroke.samples(), style));
    } catch (error) {
      console.warn('a stroke could not be kept', error);
    }
    // The finished one is on the glass before the wet one goes.
    this._gone.push(id);
    if (data) this._change((items) => items.set(id, data));
    this.shared.flush();
    this._sender.end();
    this._askFrame();
  }

  _erase(sample) {
    const from = this._own.place;
    const to = this._toPage(sample);
    this._own.place = to;
    const radius = (ERASER_PX * this._viewport.ratio) / this._viewport.view.scale;
    const touched = this._scene.entries.filter(
      (entry) => this._mayErase(entry) && touches(entry, from, to, radius),
    );
    if (!touched.length) return;
    this._erasedAt = performance.now();
    this._change((items) => touched.forEach(({ id }) => items.delete(id)));
  }

  _mayErase({ item }) {
    return item.kind !== Kind.IMAGE && (item.author === this._seat || this._rights.manage);
  }

  _change(act) {
    const { doc } = this.shared;
    doc.transact(() => act(doc.getMap('items')), this);
  }

  _point(place) {
    if (!this._page) return;
    const { x, y } = this._toPage(place);
    this._pointerSender.move(this._page.id, x, y);
  }

  // The document ---------------------------------------------------------------------------

  _openDocument() {
    this._undo?.destroy();
    this._scene?.destroy();
    this._scene = new Scene(this.shared.doc);
    this._undo = new Y.UndoManager(this.shared.doc.getMap('items'), {
      trackedOrigins: new Set([this]),
      // A wipe of the eraser is one step, however long it takes; `stopCapturing` ends steps.
      captureTimeout: 3_600_000,
    });
    const tellUndo = () => this._tell('undo', { canUndo: this.canUndo, canRedo: this.canRedo });
    for (const name of ['stack-item-added', 'stack-item-popped', 'stack-cleared'])
      this._undo.on(name, tellUndo);
    this._scene.addEventListener('changed', (event) => this._itemsChanged(event.detail));
    this._scene.addEventListener('pages', () => this._look(this._wanted, true));
    this._look(this._wanted, true);
  }

  get _wanted() {
    return this._isFollowing ? this._led : (this._page?.id ?? this._led);
  }

  /** Show a page, or the next best while it is not there. */
  _look(id, isAgain = false) {
    const { pages } = this._scene;
    const page = this._scene.page(id) ?? pages[0] ?? null;
    if (isAgain && samePage(page, this._page) && page) {
      this._page = page;
      this._tellPage();
      return;
    }
    const isOther = page?.id !== this._page?.id;
    if (isOther) this._hand?.giveUp();
    this._page = page;
    if (page) {
      this._scene.show(page.id);
      this._pictures.forgetAsked();
      if (isOther) this._viewport.show(page);
      this._ink.showPage(this._scene, page, this._viewport.view);
      const surface = page.sheet ? AROUND_RGB : BOARD_RGB[page.background.surface];
      this._glass.style.background = css(surface);
      this._isReported = this._isSeen = false;
      this._viewChanged();
    }
    this._tellPage();
  }

  _itemsChanged(change) {
    this._ink.change(change);
    this._askFrame();
    this._describe();
  }

  // The glass ------------------------------------------------------------------------------

  _build(root) {
    this._root = root;
    root.tabIndex = 0;
    root.setAttribute('role', 'application');
    root.setAttribute('aria-roledescription', this._texts.say('board'));
    Object.assign(root.style, {
      touchAction: 'none',
      userSelect: 'none',
      webkitUserSelect: 'none',
    });
    if (getComputedStyle(root).position === 'static') root.style.position = 'relative';
    this._glass = document.createElement('div');
    Object.assign(this._glass.style, {
      position: 'absolute',
      inset: '0',
      overflow: 'hidden',
      contain: 'strict',
    });
    const [ink, others, wet] = ['ink', 'others', 'wet'].map((name) => {
      const canvas = document.createElement('canvas');
      canvas.dataset.layer = name;
      canvas.setAttribute('aria-hidden', 'true');
      Object.assign(canvas.style, {
        position: 'absolute',
        inset: '0',
        transformOrigin: '0 0',
        pointerEvents: 'none',
      });
      return canvas;
    });
    const over = document.createElement('div');
    over.setAttribute('aria-hidden', 'true');
    Object.assign(over.style, { position: 'absolute', inset: '0', pointerEvents: 'none' });
    this._glass.append(ink, others, wet, over);
    root.append(this._glass);
    this._ink = new InkLayer(
      ink,
      (page, scale) => this._sheetPicture(page, scale),
      (sha256) => this._pictures.image(sha256),
    );
    this._others = new WetLayer(others, this._ink);
    this._wet = new WetLayer(wet, this._ink, { desynchronized: true });
    this._pointers = new Pointers(over);
    this._description = new Description(this._glass, this._texts);
    this._showCursor();
  }

  _sheetPicture({ sheet, widthPt, heightPt }, scale) {
    return this._pictures.sheet(sheet, (sheet.turns % 2 ? heightPt : widthPt) * scale);
  }

  _resize() {
    const { clientWidth, clientHeight } = this._root;
    if (!clientWidth || !clientHeight) return;
    this._viewport.resize(clientWidth, clientHeight, window.devicePixelRatio);
    const { width, height } = this._viewport;
    for (const layer of [this._ink, this._others, this._wet]) {
      layer.resize(width, height);
      layer.canvas.style.width = `${clientWidth}px`;
      layer.canvas.style.height = `${clientHeight}px`;
    }
    if (this._page) this._ink.repaint(this._viewport.view);
    this._viewChanged();
  }

  /** Move what is painted to where it belongs now; it is painted sharp when the hand rests. */
  _viewChanged() {
    if (!this._page) return;
    const { view, ratio } = this._viewport;
    const dark = isDark(this._page);
    this._placeInk();
    this._others.paintAll(view, this._page.id, dark);
    this._wet.paintAll(view, this._page.id, dark);
    this._pointers.setView(this._page.id, (x, y) => ({
      x: (x * view.scale - view.left) / ratio,
      y: (y * view.scale - view.top) / ratio,
    }));
    this._settle(SETTLE_MS);
  }

  _placeInk() {
    const { painted } = this._ink;
    const { view, ratio } = this._viewport;
    if (!painted) return;
    const zoom = view.scale / painted.scale;
    const x = (painted.left * zoom - view.left) / ratio;
    const y = (painted.top * zoom - view.top) / ratio;
    const isThere = zoom === 1 && x === 0 && y === 0;
    this._ink.canvas.style.transform = isThere ? '' : `translate(${x}px, ${y}px) scale(${zoom})`;
  }

  _settle(afterMs) {
    clearTimeout(this._settleTimer);
    this._settleTimer = setTimeout(() => {
      const { painted } = this._ink;
      const { view } = this._viewport;
      const isThere =
        painted &&
        painted.scale === view.scale &&
        painted.left === view.left &&
        painted.top === view.top;
      if (this._page && !isThere) this._ink.repaint(view);
      this._askFrame();
    }, afterMs);
    this._askFrame();
  }

  _paintWet() {
    if (this._page) this._wet.paint(this._viewport.view, this._page.id, isDark(this._page));
  }

  _askFrame() {
    this._frameAsked ||= requestAnimationFrame(() => this._frame());
  }

  _frame() {
    this._frameAsked = 0;
    if (!this._page) return;
    const { view } = this._viewport;
    const dark = isDark(this._page);
    const isMore = this._ink.work();
    this._placeInk();
    const now = performance.now();
    if (!this._ink.isFirst) this._live.sweep(now, (id) => this._scene.has(id));
    this._others.paint(view, this._page.id, dark);
    for (const id of this._gone.splice(0)) this._wet.remove(id);
    this._wet.paint(view, this._page.id, dark);
    if (isMore || this._live.isAny) this._askFrame();
    if (!this._ink.isFirst && !this._isSeen) {
      this._isSeen = true;
      this._tell('visible', { page: this._page.id, items: this._scene.entries.length });
    }
    if (!isMore && !this._isReported) {
      this._isReported = true;
      this._tell('drawn', { page: this._page.id, items: this._scene.entries.length });
    }
  }

  _describe() {
    clearTimeout(this._describeTimer);
    this._describeTimer = setTimeout(() => {
      const place = this._description.update(
        this._number,
        this._scene.pages.length,
        this._scene.entries,
      );
      this._root.setAttribute('aria-label', `${this._texts.say('Board')}: ${place}`);
    }, 100);
  }

  get _number() {
    return this._scene.pages.findIndex(({ id }) => id === this._page?.id) + 1;
  }

  _tellPage() {
    this._describe();
    this._tell('page', {
      page: this._page?.id ?? null,
      number: this._number,
      count: this._scene.pages.length,
      isFollowing: this._isFollowing,
    });
  }

  _showCursor() {
    const cursors = { hand: 'grab', pointer: 'default' };
    const isIdle = !this._rights.draw && this.tool.kind !== 'hand';
    this._root.style.cursor = isIdle ? 'default' : (cursors[this.tool.kind] ?? 'crosshair');
  }

  // What comes in --------------------------------------------------------------------------

  _listen() {
    const { signal } = this._listening;
    const hear = (name, act) =>
      this._connection.addEventListener(`message:${name}`, (event) => act(event.detail), {
        signal,
      });
    hear('welcome', (message) => this._welcomed(message));
    hear('seat', ({ seat }) => this._pointers.setSeat(seat));
    hear('seat_left', ({ seat }) => this._seatLeft(seat));
    hear('rights', ({ rights }) => this.setRights(rights));
    hear('room', ({ room }) => this.showPage(room.page));
    hear('page', ({ page }) => this.showPage(page));
    hear('live', (message) => this._liveHeard(message));
    hear('pointer', ({ seat, page, x_pt: x, y_pt: y }) => {
      if (page === null) this._pointers.hide(seat);
      else this._pointers.show(seat, page, x, y);
    });
    this.shared.addEventListener('synced', () => this._tell('synced', null), { signal });
    this.shared.addEventListener('refused', (event) => this._refused(event.detail), { signal });
    this.shared.addEventListener('replaced', () => this._replaced(), { signal });
    this._pictures.addEventListener('sheet', (event) => this._sheetCame(event.detail), { signal });
    this._pictures.addEventListener('image', (event) => this._imageCame(event.detail), { signal });
    this._root.addEventListener('keydown', (event) => this._keyPressed(event), { signal });
  }

  _welcomed({ seat, seats, rights, room }) {
    this._seat = seat;
    for (const one of seats) this._pointers.setSeat(one);
    this._live.clear();
    this.setRights(rights);
    this.showPage(room.page);
  }

  _seatLeft(seat) {
    this._pointers.removeSeat(seat);
    this._live.seatLeft(seat);
    this._askFrame();
  }

  _liveHeard(message) {
    const place = this._live.take(message, performance.now());
    if (place) this._pointers.show(message.seat, place.page, place.x, place.y);
    this._askFrame();
  }

  _replaced() {
    this._hand?.giveUp();
    this._live.clear();
    this._openDocument();
  }

  _refused(detail) {
    // What was drawn goes with the service's answer; what was erased would not come back.
    if (performance.now() < this._erasedAt + ERASED_MS) this.shared.replace();
    this._tell('refused', detail);
  }

  _sheetCame({ document, number }) {
    const sheet = this._page?.sheet;
    if (sheet?.document !== document || sheet.number !== number) return;
    this._ink.repaint(this._viewport.view);
    this._askFrame();
  }

  _imageCame({ sha256 }) {
    const entries = this._scene.entries.filter(({ item }) => item.sha256 === sha256);
    this._ink.change({ rects: entries.map(({ bounds }) => bounds), onTop: [] });
    this._askFrame();
  }

  _keyPressed(event) {
    const act = this._actOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  _actOf(event) {
    const key = event.key;
    if (event.ctrlKey || event.metaKey) {
      if (event.altKey) return null;
      if (key.toLowerCase() === 'z') return () => (event.shiftKey ? this.redo() : this.undo());
      return key.toLowerCase() === 'y' ? () => this.redo() : null;
    }
    const pan = (dx, dy) => () => {
      this.pan(dx * KEY_PAN_PX, dy * KEY_PAN_PX);
      this.moved();
    };
    const acts = {
      PageUp: () => this.turn(-1),
      PageDown: () => this.turn(1),
      Home: () => this.follow(),
      Escape: () => this._hand.giveUp(),
      ArrowLeft: pan(1, 0),
      ArrowRight: pan(-1, 0),
      ArrowUp: pan(0, 1),
      ArrowDown: pan(0, -1),
      '+': () => this.zoomBy(KEY_ZOOM),
      '=': () => this.zoomBy(KEY_ZOOM),
      '-': () => this.zoomBy(1 / KEY_ZOOM),
      0: () => this.fit(),
    };
    return acts[key] ?? null;
  }

  _toPage({ x, y }) {
    const { ratio } = this._viewport;
    return this._viewport.toPage(x * ratio, y * ratio);
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function samePage(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Return an id that nobody else draws: 132 random bits in 22 letters. */
function newId() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  return Array.from(crypto.getRandomValues(new Uint8Array(22)), (byte) => letters[byte & 63]).join(
    '',
  );
}
