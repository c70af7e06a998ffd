/**
 * Plain objects to packed items, byte for byte as `base/board_doc.py` writes them.
 *
 * Items are what `items.js` returns. Whatever does not fit the format throws `RangeError`.
 */

import {
  BOX_BYTES,
  FORMAT_VERSION,
  HEAD_BYTES,
  IMAGE_BYTES,
  Kind,
  MAX_COORDINATE_PT,
  MAX_SAMPLES,
  MAX_TEXT_BYTES,
  POINTS_OF,
  PRESSURE_STEPS,
  QUANTA_PER_PT,
  SHAPE_BYTES,
  STAMP_BYTES,
  STROKE_BYTES,
  TEXT_BYTES,
  TICKS_PER_S,
} from './items.js';
import { roundEven } from './rounding.js';

const MAX_TIME_S = 1e6;
const DEGREES = 180 / Math.PI;
const utf8 = new TextEncoder();

/**
 * Return a stroke item of samples.
 *
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>, pressure: ArrayLike<number>,
 *   time: ArrayLike<number>, tilt: ArrayLike<number>}} samples Columns of the same length;
 *   see `unpackSamples`. Time does not decrease.
 * @param {{page: string, z: number, author: string, brush: number, hasPressure: boolean,
 *   colour: number, widthPt: number}} style
 */
export function strokeItem(samples, style) {
  const { x, y, pressure, time, tilt } = samples;
  checkSamples(samples);
  checkSize(style.widthPt);
  const columns = [
    Array.from(x, (value) => roundEven(value * QUANTA_PER_PT)),
    Array.from(y, (value) => roundEven(value * QUANTA_PER_PT)),
    Array.from(pressure, (value) => roundEven(value * PRESSURE_STEPS)),
    Array.from(time, (value) => roundEven(value * TICKS_PER_S)),
    Array.from(tilt, (value) => roundEven(value * DEGREES)),
  ];
  const packed = columns.map(packPlane);
  const planes = new Uint8Array(packed.reduce((sum, plane) => sum + plane.bytes.length, 0));
  let at = 0;
  for (const { bytes } of packed) {
    planes.set(bytes, at);
    at += bytes.length;
  }
  return {
    kind: Kind.STROKE,
    page: style.page,
    z: style.z,
    author: style.author,
    brush: style.brush,
    hasPressure: style.hasPressure,
    colour: style.colour,
    widthPt: Math.fround(style.widthPt),
    count: x.length,
    x0: columns[0][0],
    y0: columns[1][0],
    pressure0: columns[2][0],
    tilt0: columns[4][0],
    planeWidths: packed.map((plane) => plane.width),
    planes,
  };
}

/** Return the packed form of an item. */
export function packItem(item) {
  const page = asciiOf(item.page);
  const author = utf8.encode(item.author);
  if (page.length < 1 || page.length > 255 || author.length > 255) {
    throw new RangeError('page id must be 1..255 ASCII characters, author at most 255 bytes');
  }
  if (!Number.isFinite(item.z)) throw new RangeError('z must be finite');
  const body = packBody(item);
  const data = new Uint8Array(HEAD_BYTES + page.length + author.length + body.length);
  const view = new DataView(data.buffer);
  view.setUint8(0, FORMAT_VERSION);
  view.setUint8(1, item.kind);
  view.setUint8(2, page.length);
  view.setUint8(3, author.length);
  view.setFloat64(4, item.z, true);
  data.set(page, HEAD_BYTES);
  data.set(author, HEAD_BYTES + page.length);
  data.set(body, HEAD_BYTES + page.length + author.length);
  return data;
}

function packBody(item) {
  switch (item.kind) {
    case Kind.STROKE:
      return packStroke(item);
    case Kind.SHAPE:
      return packShape(item);
    case Kind.TEXT:
    case Kind.NOTE:
      return packText(item);
    case Kind.IMAGE:
      return packImage(item);
    case Kind.STAMP:
      return packStamp(item);
    default:
      throw new RangeError(`unknown kind ${item.kind}`);
  }
}

function packStroke(item) {
  checkSize(item.widthPt);
  const data = new Uint8Array(STROKE_BYTES + item.planes.length);
  const view = new DataView(data.buffer);
  view.setUint8(0, item.brush);
  view.setUint8(1, item.hasPressure ? 1 : 0);
  view.setUint32(2, item.colour, true);
  view.setFloat32(6, item.widthPt, true);
  view.setUint32(10, item.count, true);
  view.setInt32(14, item.x0, true);
  view.setInt32(18, item.y0, true);
  view.setUint16(22, item.pressure0, true);
  view.setUint16(24, item.tilt0, true);
  item.planeWidths.forEach((width, i) => view.setUint8(26 + i, width));
  data.set(item.planes, STROKE_BYTES);
  return data;
}

function packShape(item) {
  checkSize(item.widthPt);
  const isSound = item.points.length === POINTS_OF[item.shape];
  if (!isSound || !item.points.every((point) => point.every(isOnPage))) {
    throw new RangeError('a shape has the points of its kind, finite and on the page');
  }
  const data = new Uint8Array(SHAPE_BYTES + 16 * item.points.length);
  const view = new DataView(data.buffer);
  view.setUint8(0, item.shape);
  view.setUint32(1, item.colour, true);
  view.setUint32(5, item.fill, true);
  view.setFloat32(9, item.widthPt, true);
  view.setUint16(13, item.points.length, true);
  item.points.flat().forEach((value, i) => view.setFloat64(SHAPE_BYTES + 8 * i, value, true));
  return data;
}

function packText(item) {
  checkSize(item.sizePt);
  const text = textBytes(item.text);
  const { data, view } = boxed(item.box, TEXT_BYTES + text.length);
  view.setUint32(BOX_BYTES, item.colour, true);
  view.setFloat32(BOX_BYTES + 4, item.sizePt, true);
  view.setUint32(BOX_BYTES + 8, text.length, true);
  data.set(text, BOX_BYTES + TEXT_BYTES);
  return data;
}

function packImage(item) {
  if (!/^[0-9a-f]{64}$/.test(item.sha256)) throw new RangeError('an asset is named by its SHA-256');
  const { data } = boxed(item.box, IMAGE_BYTES);
  for (let i = 0; i < IMAGE_BYTES; i += 1) {
    data[BOX_BYTES + i] = Number.parseInt(item.sha256.slice(2 * i, 2 * i + 2), 16);
  }
  return data;
}

function packStamp(item) {
  const text = textBytes(item.text);
  const { data, view } = boxed(item.box, STAMP_BYTES + text.length);
  view.setUint8(BOX_BYTES, item.stamp);
  view.setUint32(BOX_BYTES + 1, item.colour, true);
  view.setUint32(BOX_BYTES + 5, text.length, true);
  data.set(text, BOX_BYTES + STAMP_BYTES);
  return data;
}

function boxed(box, rest) {
  const values = [box.x, box.y, box.ux, box.uy, box.vx, box.vy];
  if (!values.every(isOnPage)) throw new RangeError('a box must be finite and on the page');
  const data = new Uint8Array(BOX_BYTES + rest);
  const view = new DataView(data.buffer);
  values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return { data, view };
}

function packPlane(values) {
  const steps = values.slice(1).map((value, i) => value - values[i]);
  let low = 0;
  let high = 0;
  for (const step of steps) {
    low = Math.min(low, step);
    high = Math.max(high, step);
  }
  if (low === 0 && high === 0) return { width: 0, bytes: new Uint8Array(0) };
  for (const width of [1, 2, 4]) {
    const limit = 2 ** (8 * width - 1);
    if (-limit <= low && high < limit) return { width, bytes: bytesOf(steps, width) };
  }
  throw new RangeError('samples are further apart than the format can say');
}

function bytesOf(steps, width) {
  const view = new DataView(new ArrayBuffer(width * steps.length));
  steps.forEach((step, i) => {
    if (width === 1) view.setInt8(i, step);
    else if (width === 2) view.setInt16(2 * i, step, true);
    else view.setInt32(4 * i, step, true);
  });
  return new Uint8Array(view.buffer);
}

function checkSamples({ x, y, pressure, time, tilt }) {
  if (x.length < 1 || x.length > MAX_SAMPLES)
    throw new RangeError('a stroke has 1 to a million samples');
  for (let i = 0; i < x.length; i += 1) {
    if (!isOnPage(x[i]) || !isOnPage(y[i])) throw new RangeError('samples must be on the page');
    const isHeld = pressure[i] >= 0 && pressure[i] <= 1 && tilt[i] >= 0 && tilt[i] <= Math.PI / 2;
    if (!isHeld) throw new RangeError('pressure must be 0..1 and tilt 0..pi/2');
    if (!(Math.abs(time[i]) <= MAX_TIME_S)) throw new RangeError('times must be finite');
    if (i && time[i] < time[i - 1]) throw new RangeError('samples go back in time');
  }
}

function checkSize(value) {
  // The format keeps 32 bits; what rounds to nothing there could not be read again.
  const kept = Math.fround(value);
  if (!(kept > 0 && kept < MAX_COORDINATE_PT)) {
    throw new RangeError(`a width or size must be positive and finite, not ${value}`);
  }
}

function isOnPage(value) {
  return Math.abs(value) <= MAX_COORDINATE_PT;
}

function textBytes(text) {
  const bytes = utf8.encode(text);
  if (bytes.length > MAX_TEXT_BYTES) throw new RangeError('the text is too long');
  return bytes;
}

function asciiOf(text) {
  return Uint8Array.from(text, (letter) => {
    if (letter.charCodeAt(0) > 127) throw new RangeError('a page id is ASCII');
    return letter.charCodeAt(0);
  });
}
