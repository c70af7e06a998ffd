/** Where the pen will be in the next frame; `whiteboard/model/prediction.py` is the truth. */

const HORIZON_S = 0.012;
const HISTORY_S = 0.024;
const SLOW_PT_S = 60;
const DAMPING = 0.8;

/** Return where a stroke will be one horizon after its last sample, or null. */
export function predict(xs, ys, times) {
  const last = times.length - 1;
  if (last < 3) return null;
  let first = last;
  while (first > 0 && times[first - 1] >= times[last] - HISTORY_S) first -= 1;
  const middle = Math.floor((first + last) / 2);
  const oldSpan = times[middle] - times[first];
  const newSpan = times[last] - times[middle];
  if (last - first < 2 || oldSpan <= 0 || newSpan <= 0) return null;
  const oldX = (xs[middle] - xs[first]) / oldSpan;
  const oldY = (ys[middle] - ys[first]) / oldSpan;
  const newX = (xs[last] - xs[middle]) / newSpan;
  const newY = (ys[last] - ys[middle]) / newSpan;
  const oldSpeed = Math.hypot(oldX, oldY);
  const newSpeed = Math.hypot(newX, newY);
  if (Math.min(oldSpeed, newSpeed) <= SLOW_PT_S) return null;
  // Less where the hand turns or brakes: what must be taken back is worse than nothing.
  const agreement = (oldX * newX + oldY * newY) / (oldSpeed * newSpeed);
  const steadiness = Math.max(agreement, 0) ** 4 * Math.min(1, newSpeed / oldSpeed);
  const aheadS = HORIZON_S * DAMPING * steadiness;
  return { x: xs[last] + newX * aheadS, y: ys[last] + newY * aheadS };
}
