/** How far items reach on the page, and rectangles `{left, top, right, bottom}` in pt. */

import { Kind, Shape, unpackPositions } from './items.js';
import { BRUSHES } from './outline.js';
import { arrowHead } from './shapes.js';

const TILT = 4;

/** Return how far an item's ink reaches, its width at full pressure included. */
export function itemBounds(item) {
  if (item.kind === Kind.STROKE) return strokeBounds(item);
  if (item.kind === Kind.SHAPE) return shapeBounds(item);
  const { x, y, ux, uy, vx, vy } = item.box;
  return around([
    [x, y],
    [x + ux, y + uy],
    [x + ux + vx, y + uy + vy],
    [x + vx, y + vy],
  ]);
}

/** Return how far the ink of a stroke reaches from its line at most, pt. */
export function inkReachPt({ brush, widthPt }, isTilted) {
  const { thick, tiltWidening } = BRUSHES[brush];
  return (widthPt * Math.max(thick, 1) * (isTilted ? tiltWidening : 1)) / 2;
}

export function intersects(one, other) {
  return (
    one.left <= other.right &&
    other.left <= one.right &&
    one.top <= other.bottom &&
    other.top <= one.bottom
  );
}

export function united(one, other) {
  if (!one) return other;
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

export function outset({ left, top, right, bottom }, margin) {
  return { left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin };
}

/** Return the bounds of points, [x, y] each. */
export function around(points) {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of points) {
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

function strokeBounds(stroke) {
  const { x, y, count } = unpackPositions(stroke);
  let left = x[0];
  let right = x[0];
  let top = y[0];
  let bottom = y[0];
  for (let i = 1; i < count; i += 1) {
    if (x[i] < left) left = x[i];
    else if (x[i] > right) right = x[i];
    if (y[i] < top) top = y[i];
    else if (y[i] > bottom) bottom = y[i];
  }
  const isTilted = stroke.tilt0 > 0 || stroke.planeWidths[TILT] > 0;
  return outset({ left, top, right, bottom }, inkReachPt(stroke, isTilted));
}

function shapeBounds({ shape, points, widthPt }) {
  let reached = points;
  if (shape === Shape.ELLIPSE) {
    const [[cx, cy], a, b] = points;
    // The farthest point of c + a cos t + b sin t along an axis is hypot(a, b) away.
    const rx = Math.hypot(a[0] - cx, b[0] - cx);
    const ry = Math.hypot(a[1] - cy, b[1] - cy);
    reached = [
      [cx - rx, cy - ry],
      [cx + rx, cy + ry],
    ];
  } else if (shape === Shape.ARROW) {
    reached = [...points, ...arrowHead(points[0], points[1], widthPt)];
  }
  return outset(around(reached), widthPt / 2);
}
