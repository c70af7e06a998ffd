/**
 * Pages that staff add to the board: empty ones, and those of a document.
 *
 * The layout is that of base/board_doc.py. A page is in the document before anybody is led to it.
 */

import * as Y from './vendor/yjs.js';
import { DEFAULT_HEIGHT_PT, DEFAULT_WIDTH_PT } from './board/pages.js';

const EMPTY = 'blackboard/none';
const PAPER = 'white/none';

/** Adds an empty page behind another one, or as the last one, and returns its id. */
export function addPage(doc, pages, after = null) {
  const id = newId();
  doc.transact(() => {
    put(doc, id, {
      order: orderBehind(pages, after),
      background: EMPTY,
      width: DEFAULT_WIDTH_PT,
      height: DEFAULT_HEIGHT_PT,
    });
  }, 'pages');
  return id;
}

/**
 * Adds the pages of a document as the last ones, and returns the id of the first.
 *
 * Who adds the same document twice is led to the pages that are there.
 *
 * @param {import('./vendor/yjs.js').Doc} doc
 * @param {object[]} pages As the board has them.
 * @param {{id: string, name: string}} document
 * @param {[number, number][]} sizesPt Width and height of each sheet.
 */
export function addDocument(doc, pages, { id: document, name }, sizesPt) {
  const there = pages.find((page) => page.sheet?.document === document && page.sheet.number === 0);
  if (there) return there.id;
  const ids = sizesPt.map(() => newId());
  const last = orderBehind(pages, null);
  doc.transact(() => {
    const known = new Y.Map();
    known.set('name', name);
    known.set('sheets', sizesPt.length);
    known.set('source', '');
    doc.getMap('documents').set(document, known);
    sizesPt.forEach(([width, height], sheet) => {
      put(doc, ids[sheet], { order: last + sheet, background: PAPER, width, height, document, sheet, turns: 0 });
    });
  }, 'pages');
  return ids[0] ?? null;
}

function put(doc, id, fields) {
  const page = new Y.Map();
  for (const [name, value] of Object.entries(fields)) page.set(name, value);
  doc.getMap('pages').set(id, page);
}

function orderBehind(pages, after) {
  const orders = pages.map(({ order }) => order);
  const at = pages.findIndex(({ id }) => id === after);
  if (at >= 0 && at < pages.length - 1) return (orders[at] + orders[at + 1]) / 2;
  return orders.length ? Math.max(...orders) + 1 : 0;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
