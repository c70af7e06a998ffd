/**
 * Texts on the board: where lines break, and how large letters fit, as
 * `whiteboard/services/painting/lettering.py` lays them out. Lengths are in em.
 */

export const EM_PX = 64;
export const LINE_HEIGHT = 1.4;
const FAMILIES = '"BIZ UDPGothic", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", sans-serif';
export const FONT = `${EM_PX}px ${FAMILIES}`;
export const BOLD_FONT = `bold ${EM_PX}px ${FAMILIES}`;

const ASCENT = 0.88;
const FIT_STEPS = 12;
const SQUEEZE = 0.84;
const FEW_LINES = 3;
const KEPT = 512;
/** Where lines end besides "\n": what Python's splitlines knows. */
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
/** May not begin a line: closing marks, small kana, the long vowel mark. */
const NO_START = new Set(
  '、。，．・：；？！ー～〜゛゜ヽヾゝゞ々〻）〕］｝〉》」』】〙〗〟’”｠»ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ…‥,.:;?!)]}%｡､｣ﾞﾟｰ',
);
/** May not end a line: opening marks. */
const NO_END = new Set('（〔［｛〈《「『【〘〖〝‘“｟«([{｢$¥￥＄');
const WIDE =
  /[\u1100-\u11ff\u2e80-\u303f\u3040-\u33ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe6f\uff01-\uffdc]|[\ud83c-\udbff][\udc00-\udfff]/u;

let measuring = null;
const advances = new Map();
const wrapped = new Map();

/**
 * Break a text into lines.
 *
 * @param {string} text
 * @param {number} widthEm Where lines wrap, > 0; a word that is longer is broken.
 * @returns {{text: string, widthEm: number}[]} At least one line.
 */
export function wrap(text, widthEm) {
  const key = `${widthEm} ${text}`;
  let lines = wrapped.get(key);
  if (!lines) {
    lines = paragraphs(text).flatMap((paragraph) =>
      wrapParagraph(paragraph.replaceAll('\t', '    '), widthEm),
    );
    if (wrapped.size >= KEPT) wrapped.delete(wrapped.keys().next().value);
    wrapped.set(key, lines);
  }
  return lines;
}

/** Return how far the baseline of a line is below the top of the block, em. */
export function baselineEm(index) {
  return index * LINE_HEIGHT + (LINE_HEIGHT - 1) / 2 + ASCENT;
}

/** Return the largest size, at most `sizePt`, at which a text fits a frame. */
export function fittingSize(text, sizePt, widthPt, heightPt) {
  const wordEm = longestWordEm(text);
  const linesAt = (size) => wrap(text, widthPt / size).length;
  // Words are kept whole before letters are kept large.
  const fits = (size) => wordEm * size <= widthPt && linesAt(size) * LINE_HEIGHT * size <= heightPt;
  const size = fits(sizePt) ? sizePt : largest(fits, sizePt / 40, sizePt);
  const lines = linesAt(size);
  if (lines <= FEW_LINES && linesAt(size * SQUEEZE) < lines) {
    // A little smaller is better than a last character alone on its line.
    return largest((one) => linesAt(one) < lines, size * SQUEEZE, size);
  }
  return size;
}

/** Forget what was measured: a font has come. */
export function forgetMeasures() {
  advances.clear();
  wrapped.clear();
}

/** Return the context that letters are measured with. */
export function measuringContext() {
  measuring ??= document.createElement('canvas').getContext('2d');
  return measuring;
}

function paragraphs(text) {
  return text.split(LINE_ENDS);
}

function wrapParagraph(text, widthEm) {
  const limit = Math.max(widthEm, 0.01) + 1e-6;
  const lines = [];
  let line = '';
  let length = 0;
  for (const piece of pieces(text)) {
    const bare = lengthEm(piece.trimEnd());
    if (length + bare > limit && line) {
      lines.push(line);
      line = '';
      length = 0;
    }
    if (bare <= limit) {
      line += piece;
      length += lengthEm(piece);
      continue;
    }
    for (const letter of piece) {
      const step = lengthEm(letter);
      if (length + step > limit && line) {
        lines.push(line);
        line = '';
        length = 0;
      }
      line += letter;
      length += step;
    }
  }
  lines.push(line);
  return lines.map((one) => ({ text: one.trimEnd(), widthEm: lengthEm(one.trimEnd()) }));
}

/** Yield the pieces of a text that no line break divides, each with the blanks after it. */
function* pieces(text) {
  let piece = '';
  let before = '';
  for (const letter of text) {
    if (piece && mayBreak(before, letter)) {
      yield piece;
      piece = '';
    }
    piece += letter;
    before = letter;
  }
  if (piece) yield piece;
}

function mayBreak(before, after) {
  if (/\s/.test(after) && after !== '\u3000') return false;
  if (NO_START.has(after)) return false;
  if (/\s/.test(before) && before !== '\u00a0') return true;
  if (NO_END.has(before)) return false;
  return WIDE.test(before) || WIDE.test(after) || before === '-';
}

function lengthEm(text) {
  // Letters of a face without ligatures add up, and most boards say few words.
  let sum = 0;
  for (const letter of text) sum += advanceEm(letter);
  return sum;
}

function advanceEm(letter) {
  let advance = advances.get(letter);
  if (advance === undefined) {
    const context = measuringContext();
    context.font = FONT;
    advance = context.measureText(letter).width / EM_PX;
    advances.set(letter, advance);
  }
  return advance;
}

function longestWordEm(text) {
  const words = text.split(/\s+/).filter((word) => /^[\x00-\x7f]+$/.test(word));
  const longest = words.sort((a, b) => a.length - b.length).slice(-5);
  return Math.max(0, ...longest.map(lengthEm));
}

function largest(holds, from, to) {
  let low = from;
  let high = to;
  for (let step = 0; step < FIT_STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
