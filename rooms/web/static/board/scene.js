/**
 * What lies on the pages: read from the Yjs document, filed by page, lowest first.
 *
 * Items of pages that nobody looks at stay packed. What cannot be read is left out.
 * Events: `changed`, detail {page, rects (what to repaint, pt), onTop (ids of entries that lie
 * above all that was there), removed (ids)}; `pages`, when a page came, went or changed.
 */

import { intersects, itemBounds } from './bounds.js';
import { parseHead, parseItem } from './items.js';
import { parsePage } from './pages.js';
import { strokePath } from './painter.js';
import { Kind } from './items.js';

/** Path points kept; some 20 bytes each. The paths of the page that is shown come first. */
const MOST_PATH_BYTES = 48 * 1024 * 1024;
/** Of packed ink, what its path takes in memory, about. */
const PATH_BYTES_PER_BYTE = 4;

export class Scene extends EventTarget {
  /** @param {Y.Doc} doc */
  constructor(doc) {
    super();
    this._items = doc.getMap('items');
    this._pageMap = doc.getMap('pages');
    this._onItems = (event) => this._itemsChanged(event);
    this._onPages = () => this._pagesChanged();
    /** Page id to item id to bytes. */
    this._packed = new Map();
    this._pageOf = new Map();
    this._shown = null;
    this._entries = [];
    this._byId = new Map();
    this._pathBytes = 0;
    this._items.forEach((data, id) => this._file(id, data));
    this._readPages();
    this._items.observe(this._onItems);
    this._pageMap.observeDeep(this._onPages);
  }

  destroy() {
    this._items.unobserve(this._onItems);
    this._pageMap.unobserveDeep(this._onPages);
  }

  /** All pages in their order. */
  get pages() {
    return this._pages;
  }

  /** The entries of the page that is shown, lowest first: {id, item, bounds}. */
  get entries() {
    return this._entries;
  }

  page(id) {
    return this._pages.find((page) => page.id === id) ?? null;
  }

  has(id) {
    return this._pageOf.has(id);
  }

  entry(id) {
    return this._byId.get(id) ?? null;
  }

  /** Read the items of a page; the ones of the page before are let go. */
  show(page) {
    this._shown = page;
    this._pathBytes = 0;
    this._byId = new Map();
    for (const [id, data] of this._packed.get(page) ?? []) {
      const entry = entryOf(id, data);
      if (entry) this._byId.set(id, entry);
    }
    this._entries = [...this._byId.values()].sort(byStacking);
  }

  /** Return a stacking order above all items of the page that is shown. */
  topZ() {
    return (this._entries.at(-1)?.item.z ?? 0) + 1;
  }

  /** Return the entries that reach into a rectangle (pt), lowest first. */
  within(rect) {
    return this._entries.filter(({ bounds }) => intersects(bounds, rect));
  }

  /** Return the path of an entry that is a stroke, as finely as `scale` (px per pt) needs. */
  path(entry, scale) {
    // Between two doublings of the scale a path is fine enough for both.
    const level = Math.ceil(Math.log2(scale));
    if (entry.path && entry.level >= level && entry.level < level + 3) return entry.path;
    if (!entry.path) this._pathBytes += entry.item.planes.length * PATH_BYTES_PER_BYTE;
    if (this._pathBytes > MOST_PATH_BYTES) this._dropPaths();
    entry.path = strokePath(entry.item, 2 ** level);
    entry.level = level;
    return entry.path;
  }

  _dropPaths() {
    for (const entry of this._entries) entry.path = null;
    this._pathBytes = 0;
  }

  _file(id, data) {
    let head;
    try {
      head = parseHead(data);
    } catch {
      return null;
    }
    let page = this._packed.get(head.page);
    if (!page) this._packed.set(head.page, (page = new Map()));
    page.set(id, data);
    this._pageOf.set(id, head.page);
    return head.page;
  }

  _unfile(id) {
    const page = this._pageOf.get(id);
    this._pageOf.delete(id);
    this._packed.get(page)?.delete(id);
    return page;
  }

  _itemsChanged(event) {
    const change = { page: this._shown, rects: [], onTop: [], removed: [] };
    const came = [];
    event.keysChanged.forEach((id) => {
      if (this._unfile(id) === this._shown) this._remove(id, change);
      const data = this._items.get(id);
      if (data === undefined || this._file(id, data) !== this._shown) return;
      const entry = entryOf(id, data);
      if (entry) came.push(entry);
    });
    if (change.removed.length) this._entries = this._entries.filter(({ id }) => this._byId.has(id));
    this._add(came.sort(byStacking), change);
    if (came.length || change.removed.length) this._tell('changed', change);
  }

  _remove(id, change) {
    const entry = this._byId.get(id);
    if (!entry) return;
    this._byId.delete(id);
    change.removed.push(id);
    change.rects.push(entry.bounds);
  }

  _add(came, change) {
    if (!came.length) return;
    const top = this._entries.at(-1);
    for (const entry of came) {
      this._byId.set(entry.id, entry);
      if (!change.removed.length && (!top || byStacking(top, entry) < 0))
        change.onTop.push(entry.id);
      else change.rects.push(entry.bounds);
    }
    this._entries.push(...came);
    if (change.onTop.length < came.length) this._entries.sort(byStacking);
  }

  _pagesChanged() {
    this._readPages();
    this._tell('pages', null);
  }

  _readPages() {
    const pages = [];
    this._pageMap.forEach((fields, id) => pages.push(parsePage(id, fields)));
    this._pages = pages.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Return whether an entry is a stroke. */
export function isStroke(entry) {
  return entry.item.kind === Kind.STROKE;
}

function entryOf(id, data) {
  try {
    const item = parseItem(data);
    return { id, item, bounds: itemBounds(item), path: null, level: 0 };
  } catch {
    return null;
  }
}

function byStacking(a, b) {
  return a.item.z - b.item.z || (a.id < b.id ? -1 : 1);
}
