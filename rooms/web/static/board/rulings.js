/**
 * What is printed on a page, as geometry; `whiteboard/model/rulings.py` is the truth.
 *
 * A ruling starts at the page's upper left corner and goes on without end to the right and
 * down. `plan` yields `{rule: [x0, y0, x1, y1, widthPt]}`, `{dot: [x, y, radiusPt]}` or
 * `{solid: [[x, y], ...]}`, each with its strength: 1 is the full colour, 0 the bare board.
 */

const PT_PER_MM = 72 / 25.4;
const GRID_PITCH_PT = 5 * PT_PER_MM;
const BOLD_EVERY = 5;
const LINE_PITCH_PT = 8 * PT_PER_MM;
const FIRST_LINE = 2;
const DOT_PITCH_PT = 5 * PT_PER_MM;
const DOT_RADIUS_PT = 1;
const STAFF_GAP_PT = 5 * PT_PER_MM;
const STAFF_LINES = 5;
const STAFF_TOP_PT = 25 * PT_PER_MM;
const STAFF_PITCH_PT = 45 * PT_PER_MM;
const GENKO_ROWS = 20;
const GENKO_HALF_COLUMNS = 10;
const GENKO_CELL_PT = 12 * PT_PER_MM;
const GENKO_FURIGANA_PT = 5 * PT_PER_MM;
const GENKO_SPINE_PT = 20 * PT_PER_MM;
const GENKO_SHEET_PT = [1440, 810];
const FINE_PT = 0.6;
const BOLD_PT = 1.2;
const VANISH_PX = 3;
const FULL_PX = 9;

/** Colours by surface and ruling. */
export const RULING_RGB = Object.freeze({
  'blackboard/grid': [76, 116, 100],
  'blackboard/lines': [98, 138, 121],
  'blackboard/dots': [120, 156, 140],
  'blackboard/genko': [112, 148, 128],
  'blackboard/staff': [158, 184, 170],
  'white/grid': [176, 197, 206],
  'white/lines': [158, 182, 196],
  'white/dots': [158, 172, 168],
  'white/genko': [205, 140, 112],
  'white/staff': [98, 110, 106],
});

/**
 * Yield what is printed on a part of a page, lowest first.
 *
 * @param {string} ruling
 * @param {{left: number, top: number, right: number, bottom: number}} part In pt.
 * @param {number} scale Device px per pt: what would stand too close fades, then goes.
 */
export function* plan(ruling, part, scale) {
  const reach = Math.max(BOLD_PT, DOT_RADIUS_PT) + 2 / scale;
  const left = Math.max(part.left - reach, 0);
  const top = Math.max(part.top - reach, 0);
  const right = part.right + reach;
  const bottom = part.bottom + reach;
  if (right < left || bottom < top) return;
  const onPage = { left, top, right, bottom };
  if (ruling === 'grid') yield* grid(onPage, scale);
  else if (ruling === 'lines') yield* lines(onPage, scale);
  else if (ruling === 'dots') yield* dots(onPage, scale);
  else if (ruling === 'staff') yield* staff(onPage, scale);
  else if (ruling === 'genko') yield* genko(onPage, scale);
}

function fade(pitchPt, scale) {
  return Math.min(Math.max((pitchPt * scale - VANISH_PX) / (FULL_PX - VANISH_PX), 0), 1);
}

function* steps(start, end, pitch, first) {
  const last = Math.floor(end / pitch);
  for (let i = Math.max(Math.ceil(start / pitch), first); i <= last; i += 1) yield i;
}

function rule(x0, y0, x1, y1, widthPt, strength) {
  return { rule: [x0, y0, x1, y1, widthPt], strength };
}

function* grid(part, scale) {
  // Bold after fine, so that a bold line is not cut where it is crossed.
  for (const isBold of [false, true]) {
    const pitch = GRID_PITCH_PT * (isBold ? BOLD_EVERY : 1);
    const strength = fade(pitch, scale) * (isBold ? 1 : 0.55);
    const width = isBold ? BOLD_PT : FINE_PT;
    if (strength <= 0) continue;
    for (const i of steps(part.left, part.right, pitch, 1)) {
      if (isBold || i % BOLD_EVERY)
        yield rule(i * pitch, part.top, i * pitch, part.bottom, width, strength);
    }
    for (const i of steps(part.top, part.bottom, pitch, 1)) {
      if (isBold || i % BOLD_EVERY)
        yield rule(part.left, i * pitch, part.right, i * pitch, width, strength);
    }
  }
}

function* lines(part, scale) {
  const strength = fade(LINE_PITCH_PT, scale) * 0.8;
  if (strength <= 0) return;
  for (const i of steps(part.top, part.bottom, LINE_PITCH_PT, FIRST_LINE)) {
    yield rule(part.left, i * LINE_PITCH_PT, part.right, i * LINE_PITCH_PT, FINE_PT, strength);
  }
}

/** From far only every fifth dot stays. */
function* dots(part, scale) {
  const fine = fade(DOT_PITCH_PT, scale);
  if (fine > 0) yield* dotRows(part, DOT_PITCH_PT, fine);
  if (fine >= 1) return;
  const pitch = DOT_PITCH_PT * BOLD_EVERY;
  const bold = fade(pitch, scale);
  if (bold > fine) yield* dotRows(part, pitch, bold);
}

function* dotRows(part, pitch, strength) {
  for (const j of steps(part.top, part.bottom, pitch, 1)) {
    for (const i of steps(part.left, part.right, pitch, 1)) {
      yield { dot: [i * pitch, j * pitch, DOT_RADIUS_PT], strength };
    }
  }
}

function* staff(part, scale) {
  const strength = fade(STAFF_GAP_PT, scale);
  const height = (STAFF_LINES - 1) * STAFF_GAP_PT;
  const first = Math.max(Math.floor((part.top - STAFF_TOP_PT - height) / STAFF_PITCH_PT), 0);
  const last = Math.ceil((part.bottom - STAFF_TOP_PT) / STAFF_PITCH_PT);
  for (let i = first; i <= last; i += 1) {
    const top = STAFF_TOP_PT + i * STAFF_PITCH_PT;
    // From far a staff is a pale band.
    if (strength < 1) yield box(part.left, top, part.right, top + height, 0.25 * (1 - strength));
    if (strength <= 0) continue;
    for (let j = 0; j < STAFF_LINES; j += 1) {
      const y = top + j * STAFF_GAP_PT;
      if (y >= part.top && y <= part.bottom)
        yield rule(part.left, y, part.right, y, FINE_PT, strength);
    }
  }
}

function box(x0, y0, x1, y1, strength) {
  return {
    solid: [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ],
    strength,
  };
}

function* genko(part, scale) {
  const [width, height] = GENKO_SHEET_PT;
  for (const marks of [fishTails, sheetRules]) {
    for (let j = Math.floor(part.top / height); j <= Math.floor(part.bottom / height); j += 1) {
      for (let i = Math.floor(part.left / width); i <= Math.floor(part.right / width); i += 1) {
        for (const mark of marks(sheetAt(i * width, j * height, scale))) {
          if (touches(mark, part)) yield mark;
        }
      }
    }
  }
}

function touches(mark, part) {
  const corners = mark.solid ?? [
    [mark.rule[0], mark.rule[1]],
    [mark.rule[2], mark.rule[3]],
  ];
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return (
    Math.min(...xs) <= part.right &&
    Math.max(...xs) >= part.left &&
    Math.min(...ys) <= part.bottom &&
    Math.max(...ys) >= part.top
  );
}

function sheetAt(x, y, scale) {
  const half = GENKO_HALF_COLUMNS * (GENKO_CELL_PT + GENKO_FURIGANA_PT);
  const width = 2 * half + GENKO_SPINE_PT;
  const height = GENKO_ROWS * GENKO_CELL_PT;
  const left = x + (GENKO_SHEET_PT[0] - width) / 2;
  const top = y + (GENKO_SHEET_PT[1] - height) / 2;
  return { left, top, right: left + width, bottom: top + height, spine: left + half, scale };
}

function* sheetRules(sheet) {
  const fine = fade(GENKO_FURIGANA_PT, sheet.scale);
  const vertical = (x, width, strength) => rule(x, sheet.top, x, sheet.bottom, width, strength);
  for (const left of [sheet.left, sheet.spine + GENKO_SPINE_PT]) {
    if (fine < 1) yield* genkoColumns(sheet, left, 1 - fine, vertical);
    if (fine > 0) yield* genkoCells(sheet, left, 0.75 * fine, vertical);
  }
  for (const x of [sheet.spine, sheet.spine + GENKO_SPINE_PT, sheet.left, sheet.right]) {
    yield vertical(x, BOLD_PT, 1);
  }
  for (const y of [sheet.top, sheet.bottom]) yield rule(sheet.left, y, sheet.right, y, BOLD_PT, 1);
}

function* genkoCells(sheet, left, strength, vertical) {
  const pitch = GENKO_CELL_PT + GENKO_FURIGANA_PT;
  for (let column = 0; column < GENKO_HALF_COLUMNS; column += 1) {
    const x0 = left + column * pitch;
    const x1 = x0 + GENKO_CELL_PT;
    if (column) yield vertical(x0, FINE_PT, strength);
    yield vertical(x1, FINE_PT, strength);
    for (let row = 1; row < GENKO_ROWS; row += 1) {
      const y = sheet.top + row * GENKO_CELL_PT;
      yield rule(x0, y, x1, y, FINE_PT, strength);
    }
  }
}

/** From far, one line between two columns stands for all their cells. */
function* genkoColumns(sheet, left, share, vertical) {
  const pitch = GENKO_CELL_PT + GENKO_FURIGANA_PT;
  const strength = fade(pitch, sheet.scale) * 0.4 * share;
  if (strength <= 0) return;
  for (let column = 1; column < GENKO_HALF_COLUMNS; column += 1) {
    yield vertical(left + column * pitch - GENKO_FURIGANA_PT / 2, FINE_PT, strength);
  }
}

/** The two marks on the spine, along which a sheet is folded. */
function* fishTails(sheet) {
  const x0 = sheet.spine;
  const x1 = sheet.spine + GENKO_SPINE_PT;
  const middle = (x0 + x1) / 2;
  const ends = [
    [sheet.top + 5 * GENKO_CELL_PT, 1],
    [sheet.bottom - 5 * GENKO_CELL_PT, -1],
  ];
  for (const [y, down] of ends) {
    const [bar, gap, block, notch] = [0.14, 0.16, 1.1, 0.62].map((k) => down * GENKO_CELL_PT * k);
    yield box(x0, Math.min(y, y + bar), x1, Math.max(y, y + bar), 1);
    const top = y + bar + gap;
    const tail = [
      [x0, top],
      [x1, top],
      [x1, top + block],
      [middle, top + block - notch],
    ];
    yield { solid: [...tail, [x0, top + block]], strength: 1 };
  }
}
