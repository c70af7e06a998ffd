/**
 * From samples to the filled outline of one stroke, as `whiteboard/model/outline.py` does it:
 * smoothing, width, refinement, then one closed polygon, with a disc at each place where the
 * polygon alone would leave a gap. All polygons turn the same way: fill by the winding rule.
 *
 * Columns are plain arrays or Float64Arrays of one length; page space, pt and seconds.
 */

import { Brush } from './items.js';

/** What makes the width of a stroke; see `whiteboard/model/brush.py`. */
export const BRUSHES = Object.freeze({
  [Brush.PEN]: { thin: 0.35, thick: 1.55, gamma: 0.85, speedThinning: 0.35, tiltWidening: 1 },
  [Brush.CHALK]: { thin: 0.75, thick: 1.25, gamma: 1, speedThinning: 0.12, tiltWidening: 2.5 },
  [Brush.HIGHLIGHTER]: { thin: 1, thick: 1, gamma: 1, speedThinning: 0, tiltWidening: 1 },
});
const SPEED_FULL_PT_S = 2500;

/** Rows before the last one that may still change when a sample is added. */
export const LAG = 8;

const WINDOW_S = 0.005;
const REACH = 2;
const SHARP_COS = Math.cos((25 * Math.PI) / 180);
const MAX_PIECES = 16;
const THINNINGS = 4;
const PULL = 1.5;
const CORNER_RAD = 1.2;

/**
 * Return the smoothed middle of a stroke and its half widths.
 *
 * @param {{count: number, x, y, pressure, time, tilt}} samples
 * @param {{brush: number, widthPt: number, hasPressure: boolean}} style
 * @returns {{count: number, x: Float64Array, y: Float64Array, half: Float64Array}}
 */
export function centreLine(samples, { brush, widthPt, hasPressure }) {
  const { time, tilt } = samples;
  const [x, y, pressure] = smooth([samples.x, samples.y, samples.pressure], time);
  const rules = BRUSHES[brush];
  const count = time.length;
  let half = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    let factor = hasPressure
      ? rules.thin + (rules.thick - rules.thin) * pressure[i] ** rules.gamma
      : 1;
    if (rules.speedThinning > 0) {
      const share = Math.min(speedAt(x, y, time, i) / SPEED_FULL_PT_S, 1);
      factor *= 1 - rules.speedThinning * share;
    }
    if (rules.tiltWidening > 1) factor *= 1 + (rules.tiltWidening - 1) * tilt[i] * (2 / Math.PI);
    half[i] = factor * widthPt * 0.5;
  }
  if (rules.speedThinning > 0) [half] = smooth([half], time);
  for (let i = 0; i < count; i += 1) half[i] = Math.max(half[i], 1e-3);
  return { count, x, y, half };
}

/** Return a centre line with as many points as the tolerance needs. */
export function refine(line, tolerancePt) {
  return curve(thinOut(dropRepeats(line), tolerancePt), tolerancePt);
}

/**
 * Return the outline of a refined centre line.
 *
 * @returns {{points: Float64Array, starts: number[]}} x, y of each point, one after the other;
 *   the points (not numbers) at which a closed polygon starts.
 */
export function outlineLine(line, tolerancePt, { startCap = true, endCap = true } = {}) {
  const { count, x, y, half } = line;
  const last = count - 1;
  const { beforeX, beforeY, afterX, afterY } = directions(line);
  const isBad = needsDisc(line, beforeX, beforeY, afterX, afterY);
  const arc = arcAngles(widest(half), tolerancePt);
  const discSize = 2 * arc.length + 2;
  let bad = 0;
  for (let i = 0; i < count; i += 1) bad += isBad[i];
  const caps = (startCap ? arc.length : 0) + (endCap ? arc.length : 0);
  const body = 2 * (count + 2 * bad) + caps;
  const points = new Float64Array(2 * (body + bad * discSize));
  const starts = [0];
  let at = 0;
  const put = (px, py) => {
    points[at] = px;
    points[at + 1] = py;
    at += 2;
  };
  const side = (i, sign) => {
    const reach = half[i] * sign;
    if (isBad[i]) {
      // Where the line before ends, the middle, where the line after starts.
      const near = sign > 0 ? [beforeX, beforeY] : [afterX, afterY];
      const far = sign > 0 ? [afterX, afterY] : [beforeX, beforeY];
      put(x[i] + near[1][i] * reach, y[i] - near[0][i] * reach);
      put(x[i], y[i]);
      put(x[i] + far[1][i] * reach, y[i] - far[0][i] * reach);
      return;
    }
    const mx = beforeX[i] + afterX[i];
    const my = beforeY[i] + afterY[i];
    const length = Math.hypot(mx, my);
    const unit = reach / (length > 1e-9 ? length : 1);
    put(x[i] + my * unit, y[i] - mx * unit);
  };
  const cap = (i, outX, outY) => {
    for (const angle of arc) {
      const c = Math.cos(angle) * half[i];
      const s = Math.sin(angle) * half[i];
      put(x[i] + outY * c + outX * s, y[i] - outX * c + outY * s);
    }
  };
  if (startCap) cap(0, -afterX[0], -afterY[0]);
  for (let i = 0; i < count; i += 1) side(i, 1);
  if (endCap) cap(last, beforeX[last], beforeY[last]);
  for (let i = last; i >= 0; i -= 1) side(i, -1);
  for (let i = 0; i < count; i += 1) {
    if (!isBad[i]) continue;
    starts.push(at / 2);
    for (let k = 0; k < discSize; k += 1) {
      const angle = (k * 2 * Math.PI) / discSize;
      put(x[i] + Math.cos(angle) * half[i], y[i] + Math.sin(angle) * half[i]);
    }
  }
  return { points, starts };
}

/** Return the outline of a stroke; see `outlineLine`. */
export function strokeOutline(samples, style, tolerancePt) {
  return outlineLine(refine(centreLine(samples, style), tolerancePt), tolerancePt);
}

/** Return an outline as a path to be filled by the winding rule. */
export function pathOf({ points, starts }) {
  const path = new Path2D();
  for (let k = 0; k < starts.length; k += 1) {
    const end = k + 1 < starts.length ? starts[k + 1] : points.length / 2;
    path.moveTo(points[2 * starts[k]], points[2 * starts[k] + 1]);
    for (let i = starts[k] + 1; i < end; i += 1) path.lineTo(points[2 * i], points[2 * i + 1]);
    path.closePath();
  }
  return path;
}

function widest(half) {
  let most = 0;
  for (const value of half) most = Math.max(most, value);
  return most;
}

/** A weighted mean with the neighbours in time: no lag, and the ends stay where they are. */
function smooth(columns, time) {
  const count = time.length;
  if (count < 3) return columns.map((column) => Float64Array.from(column));
  const totals = columns.map((column) => Float64Array.from(column));
  const weights = new Float64Array(count).fill(1);
  const factor = -0.125 / WINDOW_S ** 2;
  for (let k = 1; k <= REACH; k += 1) {
    for (let i = k; i < count - k; i += 1) {
      const span = time[i + k] - time[i - k];
      const weight = Math.exp(span * span * factor);
      weights[i] += 2 * weight;
      for (let c = 0; c < columns.length; c += 1) {
        totals[c][i] += weight * (columns[c][i + k] + columns[c][i - k]);
      }
    }
  }
  for (const total of totals) for (let i = 0; i < count; i += 1) total[i] /= weights[i];
  return totals;
}

function speedAt(x, y, time, i) {
  const last = time.length - 1;
  if (last < 1) return 0;
  const reach = Math.min(i, last - i, 2);
  const low = i === last ? last - 1 : i - reach;
  const high = i === 0 ? 1 : i + reach;
  // A panel that stamps two samples alike must not make an endless speed.
  return Math.hypot(x[high] - x[low], y[high] - y[low]) / Math.max(time[high] - time[low], 0.002);
}

function dropRepeats(line) {
  const { count, x, y, half } = line;
  const kept = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    half: new Float64Array(count),
  };
  let n = 0;
  for (let i = 0; i < count; i += 1) {
    const step = i ? (x[i] - x[i - 1]) ** 2 + (y[i] - y[i - 1]) ** 2 : 1;
    if (step > 1e-8) {
      kept.x[n] = x[i];
      kept.y[n] = y[i];
      kept.half[n] = half[i];
      n += 1;
    } else {
      // A pen that presses a dot is light at first.
      kept.half[n - 1] = Math.max(kept.half[n - 1], half[i]);
    }
  }
  return cut(kept, n);
}

function thinOut(line, tolerancePt) {
  let budget = tolerancePt * 0.7;
  let current = line;
  for (let pass = 0; pass < THINNINGS && current.count >= 3; pass += 1) {
    const before = current.count;
    current = thinnedOnce(current, budget);
    if (current.count > 0.9 * before) break;
    budget *= 0.7;
  }
  return current;
}

function thinnedOnce({ count, x, y, half }, budget) {
  const kept = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    half: new Float64Array(count),
  };
  let n = 0;
  for (let i = 0; i < count; i += 1) {
    // Never two neighbours at once, never an end.
    if (i % 2 === 1 && i < count - 1 && saysNothing(x, y, half, i, budget)) continue;
    kept.x[n] = x[i];
    kept.y[n] = y[i];
    kept.half[n] = half[i];
    n += 1;
  }
  return cut(kept, n);
}

function saysNothing(x, y, half, i, budget) {
  const chordX = x[i + 1] - x[i - 1];
  const chordY = y[i + 1] - y[i - 1];
  const armX = x[i] - x[i - 1];
  const armY = y[i] - y[i - 1];
  const squared = Math.max(chordX * chordX + chordY * chordY, 1e-18);
  const off = chordX * armY - chordY * armX;
  if (off * off > budget * budget * squared) return false;
  const along = (chordX * armX + chordY * armY) / squared;
  if (!(along > 0 && along < 1)) return false;
  return Math.abs(half[i] - half[i - 1] - along * (half[i + 1] - half[i - 1])) <= budget;
}

/** Put points of a cubic between rows whose chord would show; real corners stay corners. */
function curve(line, tolerancePt) {
  const { count, x, y } = line;
  if (count < 3) return line;
  const steps = stepsOf(line);
  const turn = turnsOf(steps, count);
  const pieces = new Int32Array(count).fill(1);
  let total = 1;
  for (let i = 0; i < count - 1; i += 1) {
    const bend = turn[i] + turn[i + 1];
    const sagitta = steps.length[i] * bend * (0.5 / 8);
    pieces[i] = Math.min(Math.max(Math.ceil(Math.sqrt(sagitta / tolerancePt)), 1), MAX_PIECES);
    total += pieces[i];
  }
  if (total === count) return line;
  return subdivided(line, steps, tangentsOf(steps, turn, count), pieces, total);
}

function stepsOf({ count, x, y }) {
  const dx = new Float64Array(count - 1);
  const dy = new Float64Array(count - 1);
  const length = new Float64Array(count - 1);
  for (let i = 0; i < count - 1; i += 1) {
    dx[i] = x[i + 1] - x[i];
    dy[i] = y[i + 1] - y[i];
    length[i] = Math.max(Math.hypot(dx[i], dy[i]), 1e-9);
  }
  return { dx, dy, length };
}

/** Return how much the line turns at each row, rad; nothing at its ends and at corners. */
function turnsOf({ dx, dy, length }, count) {
  const turn = new Float64Array(count);
  for (let i = 1; i < count - 1; i += 1) {
    const cosine = (dx[i] * dx[i - 1] + dy[i] * dy[i - 1]) / (length[i] * length[i - 1]);
    const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
    turn[i] = angle > CORNER_RAD ? 0 : angle;
  }
  return turn;
}

function tangentsOf({ dx, dy, length }, turn, count) {
  const tx = new Float64Array(count);
  const ty = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const into = Math.max(i - 1, 0);
    const out = Math.min(i, count - 2);
    if (turn[i] > 0) {
      // The shorter neighbour knows the direction better.
      const mx = dx[into] / length[into] ** 2 + dx[out] / length[out] ** 2;
      const my = dy[into] / length[into] ** 2 + dy[out] / length[out] ** 2;
      const norm = Math.max(Math.hypot(mx, my), 1e-12);
      tx[i] = mx / norm;
      ty[i] = my / norm;
    } else {
      tx[i] = dx[out] / length[out];
      ty[i] = dy[out] / length[out];
    }
  }
  return { tx, ty };
}

function subdivided({ count, x, y, half }, { length }, { tx, ty }, pieces, total) {
  const made = {
    count: total,
    x: new Float64Array(total),
    y: new Float64Array(total),
    half: new Float64Array(total),
  };
  let n = 0;
  for (let i = 0; i < count - 1; i += 1) {
    // A corner at the end of a long line must not bend all of it.
    const outOf = i > 0 ? Math.min(length[i], PULL * length[i - 1]) : length[i];
    const into = i < count - 2 ? Math.min(length[i], PULL * length[i + 1]) : length[i];
    for (let k = 0; k < pieces[i]; k += 1, n += 1) {
      const u = k / pieces[i];
      const u2 = u * u;
      const u3 = u2 * u;
      const h01 = 3 * u2 - 2 * u3;
      const a = (u3 - 2 * u2 + u) * outOf;
      const b = (u3 - u2) * into;
      made.x[n] = x[i] * (1 - h01) + x[i + 1] * h01 + tx[i] * a + tx[i + 1] * b;
      made.y[n] = y[i] * (1 - h01) + y[i + 1] * h01 + ty[i] * a + ty[i + 1] * b;
      made.half[n] = half[i] * (1 - u) + half[i + 1] * u;
    }
  }
  made.x[n] = x[count - 1];
  made.y[n] = y[count - 1];
  made.half[n] = half[count - 1];
  return made;
}

function directions({ count, x, y }) {
  const beforeX = new Float64Array(count);
  const beforeY = new Float64Array(count);
  const afterX = new Float64Array(count);
  const afterY = new Float64Array(count);
  for (let i = 0; i < count - 1; i += 1) {
    const dx = x[i + 1] - x[i];
    const dy = y[i + 1] - y[i];
    const length = Math.max(Math.hypot(dx, dy), 1e-12);
    afterX[i] = beforeX[i + 1] = dx / length;
    afterY[i] = beforeY[i + 1] = dy / length;
  }
  beforeX[0] = count > 1 ? afterX[0] : 1;
  beforeY[0] = afterY[0];
  afterX[count - 1] = beforeX[count - 1];
  afterY[count - 1] = beforeY[count - 1];
  return { beforeX, beforeY, afterX, afterY };
}

/** Tell rows where the line turns sharply, or turns or swells faster than it goes on. */
function needsDisc({ count, x, y, half }, beforeX, beforeY, afterX, afterY) {
  const bad = new Uint8Array(count);
  let before = 0;
  for (let i = 0; i < count - 1; i += 1) {
    const length = Math.hypot(x[i + 1] - x[i], y[i + 1] - y[i]);
    if (i > 0) {
      const cosine = beforeX[i] * afterX[i] + beforeY[i] * afterY[i];
      const turn = Math.abs(beforeX[i] * afterY[i] - beforeY[i] * afterX[i]);
      if (cosine < SHARP_COS || turn * half[i] > Math.min(before, length)) bad[i] = 1;
    }
    before = length;
  }
  for (let i = 0; i < count - 1; i += 1) {
    // An end that is much wider than what is beside it has a back as well.
    if (Math.abs(half[i + 1] - half[i]) > Math.hypot(x[i + 1] - x[i], y[i + 1] - y[i])) {
      bad[i] = bad[i + 1] = 1;
    }
  }
  return bad;
}

function arcAngles(halfWidthPt, tolerancePt) {
  const step = 2 * Math.acos(Math.max(1 - tolerancePt / Math.max(halfWidthPt, tolerancePt), 0));
  const count = Math.min(Math.max(Math.ceil(Math.PI / Math.max(step, 0.05)), 4), 32);
  return Array.from({ length: count - 1 }, (_, i) => ((i + 1) * Math.PI) / count);
}

function cut({ x, y, half }, count) {
  return { count, x: x.subarray(0, count), y: y.subarray(0, count), half: half.subarray(0, count) };
}
