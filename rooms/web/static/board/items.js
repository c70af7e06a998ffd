/**
 * Packed items of a board: bytes to plain objects, as `base/board_doc.py` reads them.
 *
 * Little endian; a stroke keeps its samples packed until they are asked for. What is not an
 * item of a version that this page knows throws `BrokenItem`, and nothing else is thrown:
 * everything in here may come from somebody who means harm.
 */

export const FORMAT_VERSION = 1;
export const QUANTA_PER_PT = 64;
export const PRESSURE_STEPS = 1023;
export const TILT_STEPS = 90;
export const TICKS_PER_S = 1000;
export const MAX_SAMPLES = 1_000_000;
export const MAX_TEXT_BYTES = 200_000;
export const MAX_COORDINATE_PT = 1e7;
export const MAX_GRID = MAX_COORDINATE_PT * QUANTA_PER_PT;
/** Of a shape or a stamp's paper: no fill. */
export const NO_FILL = 255;

export const Kind = Object.freeze({ STROKE: 1, SHAPE: 2, TEXT: 3, NOTE: 4, IMAGE: 5, STAMP: 6 });
export const Brush = Object.freeze({ PEN: 1, HIGHLIGHTER: 2, CHALK: 3 });
export const Shape = Object.freeze({ LINE: 1, ARROW: 2, RECTANGLE: 3, ELLIPSE: 4, TRIANGLE: 5 });
export const Stamp = Object.freeze({ DATE: 1, DONE: 2, CHECK: 3, STAR: 4 });
/** How many points each shape has, by its number. */
export const POINTS_OF = Object.freeze([0, 2, 2, 4, 3, 3]);

export const HEAD_BYTES = 12;
export const STROKE_BYTES = 31;
export const SHAPE_BYTES = 15;
export const BOX_BYTES = 48;
export const TEXT_BYTES = 12;
export const IMAGE_BYTES = 32;
export const STAMP_BYTES = 9;

/** Of x, y, pressure, time and tilt: units of the planes in one pt, one, one second, one rad. */
const SCALE = [QUANTA_PER_PT, QUANTA_PER_PT, PRESSURE_STEPS, TICKS_PER_S, 180 / Math.PI];
const LOWEST = [-MAX_GRID, -MAX_GRID, 0, 0, 0];
const HIGHEST = [MAX_GRID, MAX_GRID, PRESSURE_STEPS, Infinity, TILT_STEPS];
const TIME = 3;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are not an item that this page knows. */
export class BrokenItem extends Error {}

/**
 * Return only the page, stacking order and author of an item: enough to file it.
 *
 * @param {Uint8Array} data
 * @returns {{kind: number, page: string, z: number, author: string, bodyAt: number}}
 */
export function parseHead(data) {
  const view = viewOf(data, HEAD_BYTES);
  if (view.getUint8(0) !== FORMAT_VERSION) throw new BrokenItem('unknown version');
  const authorAt = HEAD_BYTES + view.getUint8(2);
  const bodyAt = authorAt + view.getUint8(3);
  const z = view.getFloat64(4, true);
  if (data.length < bodyAt || authorAt === HEAD_BYTES || !Number.isFinite(z)) {
    throw new BrokenItem('broken head');
  }
  let page = '';
  for (let at = HEAD_BYTES; at < authorAt; at += 1) {
    if (data[at] > 127) throw new BrokenItem('a page id is ASCII');
    page += String.fromCharCode(data[at]);
  }
  return { kind: view.getUint8(1), page, z, author: textOf(data, authorAt, bodyAt), bodyAt };
}

/**
 * Return the item of a packed form.
 *
 * @param {Uint8Array} data
 */
export function parseItem(data) {
  const { kind, page, z, author, bodyAt } = parseHead(data);
  const item = { kind, page, z, author };
  switch (kind) {
    case Kind.STROKE:
      return parseStroke(item, data, bodyAt);
    case Kind.SHAPE:
      return parseShape(item, data, bodyAt);
    case Kind.TEXT:
    case Kind.NOTE:
    case Kind.IMAGE:
    case Kind.STAMP:
      return parseBoxed(item, data, bodyAt);
    default:
      throw new BrokenItem(`unknown kind ${kind}`);
  }
}

/**
 * Return the samples of a stroke as columns: x, y in pt, pressure 0..1, seconds since pen
 * down, tilt from the vertical in rad. What only a damaged item can hold is brought into range.
 */
export function unpackSamples(stroke) {
  const [x, y, pressure, time, tilt] = unpackColumns(stroke, 5);
  return { count: x.length, x, y, pressure, time, tilt };
}

/** Return only the positions of a stroke, pt. */
export function unpackPositions(stroke) {
  const [x, y] = unpackColumns(stroke, 2);
  return { count: x.length, x, y };
}

function unpackColumns(stroke, columns) {
  const { planes, planeWidths } = stroke;
  // A million samples that never move take forty bytes; they look like one.
  const count = planeWidths.every((width) => width === 0) ? 1 : stroke.count;
  const firsts = [stroke.x0, stroke.y0, stroke.pressure0, 0, stroke.tilt0];
  const view = new DataView(planes.buffer, planes.byteOffset, planes.byteLength);
  const result = [];
  let at = 0;
  for (let column = 0; column < columns; column += 1) {
    const width = planeWidths[column];
    result.push(unpackPlane(view, at, width, count, firsts[column], column));
    at += width * (stroke.count - 1);
  }
  return result;
}

function unpackPlane(view, start, width, count, first, column) {
  const values = new Float64Array(count);
  const unit = 1 / SCALE[column];
  const low = LOWEST[column];
  const high = HIGHEST[column];
  let sum = first;
  values[0] = Math.min(Math.max(sum, low), high) * unit;
  for (let i = 1, at = start; i < count; i += 1, at += width) {
    let step = 0;
    if (width === 1) step = view.getInt8(at);
    else if (width === 2) step = view.getInt16(at, true);
    else if (width === 4) step = view.getInt32(at, true);
    sum += column === TIME && step < 0 ? 0 : step;
    values[i] = Math.min(Math.max(sum, low), high) * unit;
  }
  return values;
}

function parseStroke(item, data, at) {
  const view = viewOf(data, at + STROKE_BYTES);
  const stroke = {
    ...item,
    brush: view.getUint8(at),
    hasPressure: view.getUint8(at + 1) !== 0,
    colour: view.getUint32(at + 2, true),
    widthPt: view.getFloat32(at + 6, true),
    count: view.getUint32(at + 10, true),
    x0: view.getInt32(at + 14, true),
    y0: view.getInt32(at + 18, true),
    pressure0: view.getUint16(at + 22, true),
    tilt0: view.getUint16(at + 24, true),
    planeWidths: [0, 1, 2, 3, 4].map((i) => view.getUint8(at + 26 + i)),
    planes: data.subarray(at + 31),
  };
  const bytes = stroke.planeWidths.reduce((sum, width) => sum + width, 0);
  const isSound =
    stroke.brush >= Brush.PEN &&
    stroke.brush <= Brush.CHALK &&
    stroke.count >= 1 &&
    stroke.count <= MAX_SAMPLES &&
    stroke.planes.length === bytes * (stroke.count - 1) &&
    stroke.planeWidths.every((width) => width === 0 || width === 1 || width === 2 || width === 4) &&
    isSize(stroke.widthPt) &&
    Math.max(Math.abs(stroke.x0), Math.abs(stroke.y0)) <= MAX_GRID &&
    stroke.pressure0 <= PRESSURE_STEPS &&
    stroke.tilt0 <= TILT_STEPS;
  if (!isSound) throw new BrokenItem('broken stroke');
  return stroke;
}

function parseShape(item, data, at) {
  const view = viewOf(data, at + SHAPE_BYTES);
  const shape = view.getUint8(at);
  const count = view.getUint16(at + 13, true);
  const pointsAt = at + SHAPE_BYTES;
  if (!POINTS_OF[shape] || count !== POINTS_OF[shape] || data.length !== pointsAt + 16 * count) {
    throw new BrokenItem('shape with a wrong number of points');
  }
  const points = [];
  for (let i = 0; i < count; i += 1) {
    const x = view.getFloat64(pointsAt + 16 * i, true);
    const y = view.getFloat64(pointsAt + 16 * i + 8, true);
    if (!isCoordinate(x) || !isCoordinate(y)) throw new BrokenItem('shape off any page');
    points.push([x, y]);
  }
  const widthPt = view.getFloat32(at + 9, true);
  if (!isSize(widthPt)) throw new BrokenItem('shape with a broken width');
  const colour = view.getUint32(at + 1, true);
  return { ...item, shape, colour, fill: view.getUint32(at + 5, true), widthPt, points };
}

function parseBoxed(item, data, at) {
  const view = viewOf(data, at + BOX_BYTES);
  const values = [0, 8, 16, 24, 32, 40].map((offset) => view.getFloat64(at + offset, true));
  if (!values.every(isCoordinate)) throw new BrokenItem('broken box');
  const [x, y, ux, uy, vx, vy] = values;
  const boxed = { ...item, box: { x, y, ux, uy, vx, vy } };
  const bodyAt = at + BOX_BYTES;
  if (item.kind === Kind.IMAGE) return parseImage(boxed, data, bodyAt);
  return item.kind === Kind.STAMP
    ? parseStamp(boxed, data, bodyAt)
    : parseText(boxed, data, bodyAt);
}

function parseImage(item, data, at) {
  if (data.length !== at + IMAGE_BYTES) throw new BrokenItem('image without its name');
  const digits = Array.from(data.subarray(at), (byte) => byte.toString(16).padStart(2, '0'));
  return { ...item, sha256: digits.join('') };
}

function parseStamp(item, data, at) {
  const view = viewOf(data, at + STAMP_BYTES);
  const stamp = view.getUint8(at);
  if (stamp < Stamp.DATE || stamp > Stamp.STAR) throw new BrokenItem('unknown stamp');
  const text = lastText(data, at + STAMP_BYTES, view.getUint32(at + 5, true));
  return { ...item, stamp, colour: view.getUint32(at + 1, true), text };
}

function parseText(item, data, at) {
  const view = viewOf(data, at + TEXT_BYTES);
  const sizePt = view.getFloat32(at + 4, true);
  const text = lastText(data, at + TEXT_BYTES, view.getUint32(at + 8, true));
  if (!isSize(sizePt)) throw new BrokenItem('text with a broken size');
  return { ...item, colour: view.getUint32(at, true), sizePt, text };
}

function lastText(data, at, length) {
  if (length > MAX_TEXT_BYTES || data.length !== at + length) {
    throw new BrokenItem('text of a wrong length');
  }
  return textOf(data, at, data.length);
}

function textOf(data, start, end) {
  try {
    return utf8.decode(data.subarray(start, end));
  } catch {
    throw new BrokenItem('text is not UTF-8');
  }
}

function viewOf(data, least) {
  if (!(data instanceof Uint8Array) || data.length < least) throw new BrokenItem('cut short');
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function isCoordinate(value) {
  return Math.abs(value) <= MAX_COORDINATE_PT;
}

function isSize(value) {
  return value > 0 && value < MAX_COORDINATE_PT;
}
