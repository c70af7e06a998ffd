/**
 * How each kind of ink is laid down: pen ink is opaque; a highlighter takes the darker of
 * itself and what is there (the lighter on a dark board); chalk has a grain that belongs to
 * the page, not to the stroke.
 */

import { Brush } from './items.js';
import { css, highlighterRgb, inkRgb } from './palette.js';

const GRAIN_PX = 256;
const GRAIN_PER_PT = 1.6;
/** Standard deviations of the two noises, px: fine pores and larger patches. */
const PORES_PX = 0.703;
const PATCHES_PX = 3.751;
const PATTERNS_KEPT = 24;

let grain = null;
const patterns = new Map();

/** Fill a path in page space with the ink of a stroke. */
export function fillInk(context, path, { brush, colour }, isDark) {
  if (brush === Brush.HIGHLIGHTER) {
    context.globalCompositeOperation = blendMode(isDark);
    context.fillStyle = css(highlighterRgb(colour, isDark));
    context.fill(path);
    context.globalCompositeOperation = 'source-over';
    return;
  }
  const rgb = inkRgb(colour, isDark);
  context.fillStyle = brush === Brush.CHALK ? chalk(context, rgb) : css(rgb);
  context.fill(path);
}

/** Return how a highlighter mixes with what lies under it. */
export function blendMode(isDark) {
  return isDark ? 'lighten' : 'darken';
}

function chalk(context, rgb) {
  const key = css(rgb);
  let pattern = patterns.get(key);
  if (!pattern) {
    pattern = context.createPattern(grainOf(rgb), 'repeat');
    pattern.setTransform(new DOMMatrix().scale(1 / GRAIN_PER_PT));
    if (patterns.size >= PATTERNS_KEPT) patterns.delete(patterns.keys().next().value);
    patterns.set(key, pattern);
  }
  return pattern;
}

function grainOf([red, green, blue]) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = GRAIN_PX;
  const context = canvas.getContext('2d');
  const image = context.createImageData(GRAIN_PX, GRAIN_PX);
  grain ??= grainAlpha();
  for (let i = 0; i < grain.length; i += 1) {
    image.data.set([red, green, blue, grain[i]], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Return how much chalk stays on each pore of the board, 0..255: most of it, some bare. */
function grainAlpha() {
  const random = normalNumbers(20260701);
  const fine = wrappedNoise(random, PORES_PX);
  const patches = wrappedNoise(random, PATCHES_PX);
  return Uint8Array.from(fine, (value, i) => {
    const height = 0.8 * value + 0.35 * patches[i];
    return Math.round(255 * Math.min(Math.max(0.86 + 0.42 * height, 0.12), 1));
  });
}

/** Return smooth noise that tiles, mean 0, deviation 1. */
function wrappedNoise(random, deviationPx) {
  const reach = Math.ceil(4 * deviationPx);
  const weights = [];
  for (let k = -reach; k <= reach; k += 1)
    weights.push(Math.exp(-(k * k) / (2 * deviationPx ** 2)));
  const white = Float64Array.from({ length: GRAIN_PX * GRAIN_PX }, random);
  const noise = blurred(blurred(white, weights, 1), weights, GRAIN_PX);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
  return noise.map((value) => (value - mean) / Math.sqrt(variance));
}

function blurred(values, weights, stride) {
  const reach = (weights.length - 1) / 2;
  const mask = GRAIN_PX - 1;
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const along = stride === 1 ? i & mask : i >> 8;
    const start = i - along * stride;
    let sum = 0;
    for (let k = -reach; k <= reach; k += 1) {
      sum += weights[k + reach] * values[start + ((along + k) & mask) * stride];
    }
    result[i] = sum;
  }
  return result;
}

/** The same numbers in every browser: the grain of two screens side by side is one. */
function normalNumbers(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
