/**
 * A page on a Canvas 2D: background, the sheet of a document, items; as the display paints.
 *
 * A view is `{scale, left, top}`: device px per pt, and where the corner of the page lies left
 * of and above the canvas, in whole device px.
 */

import { blendMode, fillInk } from './ink.js';
import { Brush, Kind, NO_FILL, Shape, unpackPositions, unpackSamples } from './items.js';
import { FONT, EM_PX, LINE_HEIGHT, baselineEm, fittingSize, wrap } from './lettering.js';
import { pathOf, strokeOutline } from './outline.js';
import {
  AROUND_RGB,
  BOARD_RGB,
  NOTE_INK_RGB,
  PAPER_RGB,
  Surface,
  css,
  highlighterRgb,
  inkRgb,
  mixed,
  noteRgb,
} from './palette.js';
import { roundEven } from './rounding.js';
import { RULING_RGB, plan } from './rulings.js';
import { shapePath } from './shapes.js';
import { paintStamp } from './stamps.js';

/** Greatest distance of a painted edge from the true curve, device px. */
const DETAIL_PX = 0.2;
/** Between two samples of a stroke that is painted quickly. */
const QUICK_PX = 2;
const NOTE_PADDING = 0.09;
const FOLD = 0.14;
const SHADE = 0.022;
const LEAST_SIDE_PT = 1e-6;
const LEAST_DOT_PX = 0.9;
const QUIET_INK = 7;

/** Let a context paint in page space. */
export function toPage(context, view) {
  context.setTransform(view.scale, 0, 0, view.scale, -view.left, -view.top);
}

/**
 * Paint what lies under the ink.
 *
 * @param {CanvasRenderingContext2D} context Its transform is reset.
 * @param {{background: {surface: string, ruling: string}, widthPt: number, heightPt: number,
 *   sheet: ?{turns: number}}} page
 * @param {{scale: number, left: number, top: number}} view
 * @param {{x: number, y: number, width: number, height: number}} part Whole device px.
 * @param {?CanvasImageSource} sheetPicture
 */
export function paintBackground(context, page, view, part, sheetPicture = null) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (page.sheet) {
    context.fillStyle = css(AROUND_RGB);
    context.fillRect(part.x, part.y, part.width, part.height);
    paintSheet(context, page, view, sheetPicture);
    return;
  }
  context.fillStyle = css(BOARD_RGB[page.background.surface]);
  context.fillRect(part.x, part.y, part.width, part.height);
  paintRuling(context, page.background, view, part);
}

/** Return the path of a stroke at the detail that `scale` (device px per pt) needs. */
export function strokePath(stroke, scale) {
  return pathOf(strokeOutline(unpackSamples(stroke), stroke, DETAIL_PX / scale));
}

/**
 * Paint one item; the context is in page space.
 *
 * @param {{isDark: boolean, scale: number, image: (sha256: string) => ?CanvasImageSource}} look
 * @param {?Path2D} path Of a stroke, when it is known already.
 */
export function paintItem(context, item, look, path = null) {
  switch (item.kind) {
    case Kind.STROKE:
      fillInk(context, path ?? strokePath(item, look.scale), item, look.isDark);
      break;
    case Kind.SHAPE:
      paintShape(context, item, look);
      break;
    case Kind.TEXT:
      paintText(context, item, look);
      break;
    case Kind.NOTE:
      paintNote(context, item);
      break;
    case Kind.IMAGE:
      paintImage(context, item, look);
      break;
    case Kind.STAMP:
      context.fillStyle = context.strokeStyle = css(inkRgb(item.colour, look.isDark));
      paintStamp(context, item);
      break;
  }
}

/**
 * Paint a stroke as a line of its nominal width through every few samples: several times as
 * fast as its outline, and good enough for the first second.
 */
export function paintStrokeQuickly(context, stroke, { isDark, scale }) {
  const { x, y, count } = unpackPositions(stroke);
  const step = QUICK_PX / scale;
  const isMarker = stroke.brush === Brush.HIGHLIGHTER;
  context.beginPath();
  context.moveTo(x[0], y[0]);
  let at = 0;
  for (let i = 1; i < count; i += 1) {
    if (i < count - 1 && Math.abs(x[i] - x[at]) + Math.abs(y[i] - y[at]) < step) continue;
    context.lineTo(x[i], y[i]);
    at = i;
  }
  if (count === 1) context.lineTo(x[0], y[0]);
  context.strokeStyle = css((isMarker ? highlighterRgb : inkRgb)(stroke.colour, isDark));
  context.lineWidth = Math.max(stroke.widthPt, 1 / scale);
  context.lineCap = 'round';
  context.lineJoin = 'bevel';
  if (isMarker) context.globalCompositeOperation = blendMode(isDark);
  context.stroke();
  context.globalCompositeOperation = 'source-over';
}

// Backgrounds --------------------------------------------------------------------------

function paintSheet(context, page, view, picture) {
  context.save();
  toPage(context, view);
  context.fillStyle = css(PAPER_RGB);
  context.fillRect(0, 0, page.widthPt, page.heightPt);
  if (picture) {
    const turns = page.sheet.turns;
    const [width, height] =
      turns % 2 ? [page.heightPt, page.widthPt] : [page.widthPt, page.heightPt];
    context.translate(page.widthPt / 2, page.heightPt / 2);
    context.rotate((turns * Math.PI) / 2);
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, -width / 2, -height / 2, width, height);
  }
  context.restore();
}

/** Lines in whole device px, rounded from the page's corner: all parts then round alike. */
function paintRuling(context, background, view, part) {
  const { scale, left, top } = view;
  const full = RULING_RGB[`${background.surface}/${background.ruling}`];
  if (!full) return;
  const board = BOARD_RGB[background.surface];
  const onPage = {
    left: (part.x + left) / scale,
    top: (part.y + top) / scale,
    right: (part.x + part.width + left) / scale,
    bottom: (part.y + part.height + top) / scale,
  };
  for (const mark of plan(background.ruling, onPage, scale)) {
    context.fillStyle = css(mixed(board, full, mark.strength));
    if (mark.rule) fillRule(context, mark.rule, view);
    else if (mark.dot) fillDot(context, mark.dot, view);
    else fillSolid(context, mark.solid, view);
  }
}

function fillRule(context, [x0, y0, x1, y1, widthPt], { scale, left, top }) {
  const width = Math.max(1, roundEven(widthPt * scale));
  const x = roundEven(x0 * scale);
  const y = roundEven(y0 * scale);
  const lengthX = roundEven(x1 * scale) - x;
  const lengthY = roundEven(y1 * scale) - y;
  const back = Math.floor(width / 2);
  if (lengthX >= lengthY) context.fillRect(x - left, y - back - top, lengthX + 1, width);
  else context.fillRect(x - back - left, y - top, width, lengthY + 1);
}

function fillDot(context, [x, y, radiusPt], { scale, left, top }) {
  context.beginPath();
  const radius = Math.max(radiusPt * scale, LEAST_DOT_PX);
  context.arc(roundEven(x * scale) - left, roundEven(y * scale) - top, radius, 0, 2 * Math.PI);
  context.fill();
}

function fillSolid(context, corners, { scale, left, top }) {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x * scale - left, y * scale - top);
  context.closePath();
  context.fill();
}

// Items --------------------------------------------------------------------------------

function paintShape(context, item, look) {
  const path = shapePath(item);
  if (item.fill !== NO_FILL && item.shape !== Shape.LINE && item.shape !== Shape.ARROW) {
    context.fillStyle = css(inkRgb(item.fill, look.isDark));
    context.fill(path);
  }
  context.strokeStyle = css(inkRgb(item.colour, look.isDark));
  context.lineWidth = item.widthPt;
  context.lineCap = context.lineJoin = 'round';
  context.stroke(path);
}

function paintText(context, item, look) {
  const { width, height } = sizeOf(item.box);
  if (!(width > 0 && height > 0) || !item.text.trim()) return;
  let size = item.sizePt;
  if (wrap(item.text, width / size).length * LINE_HEIGHT * size > height + 0.01) {
    // Ink outside an item's bounds would be left behind when it moves.
    size = fittingSize(item.text, size, width, height);
  }
  context.save();
  toFrame(context, item.box);
  context.fillStyle = css(inkRgb(item.colour, look.isDark));
  paintLines(context, wrap(item.text, width / size), size, 0);
  context.restore();
}

function paintLines(context, lines, sizePt, topPt, centreInPt = null) {
  context.font = FONT;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  lines.forEach(({ text, widthEm }, i) => {
    if (!text) return;
    const left = centreInPt === null ? 0 : (centreInPt - widthEm * sizePt) / 2;
    context.save();
    context.translate(left, topPt + baselineEm(i) * sizePt);
    context.scale(sizePt / EM_PX, sizePt / EM_PX);
    context.fillText(text, 0, 0);
    context.restore();
  });
}

/** A sheet with a corner turned up, on a thin shade that lifts it off the board. */
function paintNote(context, item) {
  const box = sizeOf(item.box);
  const side = Math.min(box.width, box.height);
  const shade = side * SHADE;
  const width = box.width - shade / 2;
  const height = box.height - shade;
  const fold = side * FOLD;
  const paper = noteRgb(item.colour);
  context.save();
  toFrame(context, item.box);
  for (const [reach, opacity] of [
    [1, 0.1],
    [0.5, 0.16],
  ]) {
    const dx = (shade / 2) * reach;
    const dy = shade * reach;
    context.fillStyle = css([10, 20, 16], opacity);
    fillPolygon(context, [
      [dx, dy],
      [width + dx, dy],
      [width + dx, height - fold + dy],
      [width - fold + dx, height + dy],
      [dx, height + dy],
    ]);
  }
  context.fillStyle = css(paper);
  fillPolygon(context, [
    [0, 0],
    [width, 0],
    [width, height - fold],
    [width - fold, height],
    [0, height],
  ]);
  context.fillStyle = css(shaded(paper, 0.955));
  fillPolygon(context, [
    [0, 0],
    [width, 0],
    [width, side * 0.13],
    [0, side * 0.13],
  ]);
  context.fillStyle = css(shaded(paper, 0.84));
  context.beginPath();
  context.moveTo(width, height - fold);
  context.lineTo(width - fold, height);
  context.quadraticCurveTo(
    width - fold * 0.93,
    height - fold * 0.72,
    width - fold * 0.86,
    height - fold,
  );
  context.quadraticCurveTo(width - fold * 0.5, height - fold * 0.93, width, height - fold);
  context.fill();
  paintNoteText(context, item, box);
  context.restore();
}

function paintNoteText(context, item, box) {
  const pad = Math.min(box.width, box.height) * NOTE_PADDING;
  const width = box.width - 2 * pad;
  const height = box.height - 2 * pad;
  if (!(width > 0 && height > 0) || !item.text.trim()) return;
  const size = fittingSize(item.text, item.sizePt, width, height);
  const lines = wrap(item.text, width / size);
  const top = pad + Math.max(height - lines.length * LINE_HEIGHT * size, 0) / 2;
  context.fillStyle = css(NOTE_INK_RGB);
  paintLines(context, lines, size, top, box.width);
}

function paintImage(context, item, look) {
  const image = look.image(item.sha256);
  if (!image) {
    paintPlaceholder(context, item.box, look);
    return;
  }
  const { x, y, ux, uy, vx, vy } = item.box;
  context.save();
  context.transform(ux, uy, vx, vy, x, y);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, 1, 1);
  context.restore();
}

/** A quiet frame with hills and a sun, while a picture is not there. */
function paintPlaceholder(context, box, look) {
  const { width, height } = sizeOf(box);
  const side = Math.min(width, height);
  const board = BOARD_RGB[look.isDark ? Surface.BLACKBOARD : Surface.WHITE];
  const quiet = mixed(board, inkRgb(QUIET_INK, look.isDark), 0.4);
  const unit = side * 0.2;
  context.save();
  toFrame(context, box);
  context.beginPath();
  context.roundRect(0, 0, width, height, side * 0.04);
  context.fillStyle = css(quiet, 0.25);
  context.fill();
  context.strokeStyle = context.fillStyle = css(quiet);
  context.lineWidth = Math.max(side * 0.008, 0.5);
  context.stroke();
  context.translate(width / 2, height / 2);
  const hills = [
    [-1.2, 0.7],
    [-0.45, -0.3],
    [0.05, 0.3],
    [0.4, -0.1],
    [1.2, 0.7],
  ];
  fillPolygon(
    context,
    hills.map(([x, y]) => [x * unit, y * unit]),
  );
  context.beginPath();
  context.arc(unit * 0.6, -unit * 0.6, unit * 0.2, 0, 2 * Math.PI);
  context.fill();
  context.restore();
}

function fillPolygon(context, corners) {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.closePath();
  context.fill();
}

function shaded(rgb, factor) {
  return rgb.map((level) => Math.round(level * factor));
}

function sizeOf({ ux, uy, vx, vy }) {
  return { width: Math.hypot(ux, uy), height: Math.hypot(vx, vy) };
}

/** Let a context paint in a frame of the box's size in pt, its corner at 0, 0. */
function toFrame(context, box) {
  const { width, height } = sizeOf(box);
  const across = Math.max(width, LEAST_SIDE_PT);
  const down = Math.max(height, LEAST_SIDE_PT);
  context.transform(box.ux / across, box.uy / across, box.vx / down, box.vy / down, box.x, box.y);
}
