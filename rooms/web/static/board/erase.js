/** What an eraser touches: whole items, by their ink. */

import { intersects } from './bounds.js';
import { Kind, unpackPositions } from './items.js';
import { shapePath } from './shapes.js';

/** Return whether a round eraser that goes from one place to another touches an item. */
export function touches({ item, bounds }, from, to, radius) {
  const reach = {
    left: Math.min(from.x, to.x) - radius,
    top: Math.min(from.y, to.y) - radius,
    right: Math.max(from.x, to.x) + radius,
    bottom: Math.max(from.y, to.y) + radius,
  };
  if (!intersects(bounds, reach)) return false;
  if (item.kind === Kind.STROKE) return touchesStroke(item, from, to, radius);
  if (item.kind === Kind.SHAPE) return touchesShape(item, from, to, radius);
  return true;
}

function touchesStroke(stroke, from, to, radius) {
  const { x, y, count } = unpackPositions(stroke);
  const reach = radius + stroke.widthPt / 2;
  if (count === 1) return apart(from, to, { x: x[0], y: y[0] }, { x: x[0], y: y[0] }) <= reach;
  for (let i = 1; i < count; i += 1) {
    const near =
      Math.min(x[i], x[i - 1]) - reach <= Math.max(from.x, to.x) &&
      Math.max(x[i], x[i - 1]) + reach >= Math.min(from.x, to.x) &&
      Math.min(y[i], y[i - 1]) - reach <= Math.max(from.y, to.y) &&
      Math.max(y[i], y[i - 1]) + reach >= Math.min(from.y, to.y);
    if (near && apart(from, to, { x: x[i - 1], y: y[i - 1] }, { x: x[i], y: y[i] }) <= reach)
      return true;
  }
  return false;
}

function touchesShape(item, from, to, radius) {
  const context = document.createElement('canvas').getContext('2d');
  context.lineWidth = item.widthPt + 2 * radius;
  const path = shapePath(item);
  const steps = Math.max(
    Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / Math.max(radius, 1)),
    1,
  );
  for (let i = 0; i <= steps; i += 1) {
    const x = from.x + ((to.x - from.x) * i) / steps;
    const y = from.y + ((to.y - from.y) * i) / steps;
    if (context.isPointInStroke(path, x, y)) return true;
  }
  return false;
}

/** Return the distance of two segments. */
function apart(a, b, c, d) {
  if (crosses(a, b, c, d)) return 0;
  return Math.min(toSegment(a, c, d), toSegment(b, c, d), toSegment(c, a, b), toSegment(d, a, b));
}

function crosses(a, b, c, d) {
  const side = (p, q, r) => (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

function toSegment(p, a, b) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const squared = dx * dx + dy * dy;
  const share = squared
    ? Math.min(Math.max(((p.x - a.x) * dx + (p.y - a.y) * dy) / squared, 0), 1)
    : 0;
  return Math.hypot(p.x - a.x - share * dx, p.y - a.y - share * dy);
}
