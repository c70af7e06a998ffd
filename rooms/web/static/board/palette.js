/** Colours as the display shows them; `whiteboard/model/palette.py` is the truth. */

import { roundEven } from './rounding.js';

/** @typedef {[number, number, number]} Rgb Red, green, blue, 0..255. */

export const Surface = Object.freeze({ BLACKBOARD: 'blackboard', WHITE: 'white' });

export const BOARD_RGB = Object.freeze({ blackboard: [36, 70, 58], white: [251, 250, 245] });
/** The sheet of a document, before its picture is there. */
export const PAPER_RGB = Object.freeze([255, 255, 255]);
/** Around the sheet of a document. */
export const AROUND_RGB = Object.freeze([226, 230, 228]);
export const NOTE_INK_RGB = Object.freeze([23, 34, 31]);

const FIRST_EXPLICIT = 256;

/** On dark, on light boards. */
const INKS = swatches(
  ['f5f3ec', '17221f'],
  ['fee777', 'b08801'],
  ['f26260', 'd44345'],
  ['77b8fc', '295edb'],
  ['62eaab', '2c946d'],
  ['ee9f2c', 'a25305'],
  ['b981b5', '6f0b6b'],
  ['a2a8a3', '626b6c'],
);
const HIGHLIGHTERS = swatches(
  ['7d7420', 'fff07a'],
  ['8a4560', 'ffb3c4'],
  ['2c6a96', '9fd8ff'],
  ['2f8350', 'a9e89a'],
);
const NOTE_PAPERS = swatches(['ffee94'], ['ffc4c9'], ['b4dcfa'], ['8fcf93'], ['f8f5ec']);

export const INK_COUNT = INKS.length;
export const HIGHLIGHTER_COUNT = HIGHLIGHTERS.length;

/** Return an ink colour as it is on a dark or a light board. @returns {Rgb} */
export function inkRgb(colour, isDark) {
  return resolve(INKS, colour, isDark);
}

/** Return a highlighter colour, opaque: it is blended by darken or lighten. @returns {Rgb} */
export function highlighterRgb(colour, isDark) {
  return resolve(HIGHLIGHTERS, colour, isDark);
}

/** Return the colour of a note's paper. @returns {Rgb} */
export function noteRgb(colour) {
  return resolve(NOTE_PAPERS, colour, true);
}

/** Return a colour as CSS. */
export function css([red, green, blue], opacity = 1) {
  return opacity === 1
    ? `rgb(${red} ${green} ${blue})`
    : `rgb(${red} ${green} ${blue} / ${opacity})`;
}

/** Return the way from one colour to another, in whole levels. @returns {Rgb} */
export function mixed(from, to, share) {
  return from.map((level, i) => roundEven(level + (to[i] - level) * share));
}

function resolve(table, colour, isDark) {
  if (colour >= FIRST_EXPLICIT) {
    return [(colour >>> 16) & 0xff, (colour >>> 8) & 0xff, colour & 0xff];
  }
  const [dark, light = dark] = table[colour % table.length];
  return isDark ? dark : light;
}

function swatches(...pairs) {
  return pairs.map((pair) =>
    pair.map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))),
  );
}
