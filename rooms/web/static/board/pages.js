/** Pages as the document has them; what another writer may have broken becomes a plain page. */

import { Surface } from './palette.js';

export const DEFAULT_WIDTH_PT = 1440;
export const DEFAULT_HEIGHT_PT = 810;
const MAX_SIDE_PT = 1e6;
const MOST_SHEETS = 2 ** 31;
const RULINGS = new Set(['none', 'grid', 'lines', 'dots', 'genko', 'staff']);

/**
 * Return the page of its fields in the document.
 *
 * @param {string} id
 * @param {Y.Map} fields
 */
export function parsePage(id, fields) {
  const get = (name) => (typeof fields?.get === 'function' ? fields.get(name) : undefined);
  const sheet = parseSheet(get);
  const page = {
    id,
    order: number(get('order'), 0),
    widthPt: side(get('width'), DEFAULT_WIDTH_PT),
    heightPt: side(get('height'), DEFAULT_HEIGHT_PT),
    sheet,
    background: parseBackground(String(get('background'))),
  };
  if (sheet) page.background = { surface: Surface.WHITE, ruling: 'none' };
  return page;
}

/** Return whether ink on a page takes the colours of a dark board. */
export function isDark(page) {
  return page.background.surface === Surface.BLACKBOARD;
}

function parseBackground(text) {
  const [surface, ruling = ''] = text.split('/');
  return {
    surface: surface === Surface.WHITE ? Surface.WHITE : Surface.BLACKBOARD,
    ruling: RULINGS.has(ruling) ? ruling : 'none',
  };
}

function parseSheet(get) {
  const document = get('document');
  const sheet = whole(get('sheet'));
  if (typeof document !== 'string' || !/^[0-9a-f]{64}$/.test(document) || sheet === null)
    return null;
  return { document, number: sheet, turns: (whole(get('turns')) ?? 0) % 4 };
}

function side(value, otherwise) {
  return Math.min(Math.max(number(value, otherwise), 1), MAX_SIDE_PT);
}

function number(value, otherwise) {
  // Python's whole numbers may come as big ones.
  const found = typeof value === 'bigint' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : otherwise;
}

function whole(value) {
  const count = number(value, -1);
  return Number.isInteger(count) && count >= 0 && count < MOST_SHEETS ? count : null;
}
