/** Straightened shapes as paths; `whiteboard/model/shapes.py` is the truth. */

import { Shape } from './items.js';

const HEAD_BASE_PT = 8;
const HEAD_PER_WIDTH = 4;
const HEAD_MAX_SHARE = 0.5;
const HEAD_HALF_ANGLE_RAD = (28 * Math.PI) / 180;
/** Length of the handles of a quarter circle as a cubic curve. */
const HANDLE = (4 / 3) * (Math.SQRT2 - 1);
const QUARTERS = [
  [
    [1, HANDLE],
    [HANDLE, 1],
    [0, 1],
  ],
  [
    [-HANDLE, 1],
    [-1, HANDLE],
    [-1, 0],
  ],
  [
    [-1, -HANDLE],
    [-HANDLE, -1],
    [0, -1],
  ],
  [
    [HANDLE, -1],
    [1, -HANDLE],
    [1, 0],
  ],
];

/** Return the line of a shape in page space; an arrow's head is part of it. */
export function shapePath({ shape, points, widthPt }) {
  const path = new Path2D();
  if (shape === Shape.ELLIPSE) {
    addEllipse(path, points);
  } else if (shape === Shape.ARROW) {
    addLine(path, points);
    addLine(path, arrowHead(points[0], points[1], widthPt));
  } else {
    addLine(path, points);
    if (shape !== Shape.LINE) path.closePath();
  }
  return path;
}

/** Return the head of an arrow as barb, tip, barb: never more than half of a short arrow. */
export function arrowHead(start, end, widthPt) {
  const backX = start[0] - end[0];
  const backY = start[1] - end[1];
  const length = Math.hypot(backX, backY);
  if (length === 0) return [end, end, end];
  const size = Math.min(HEAD_BASE_PT + HEAD_PER_WIDTH * widthPt, HEAD_MAX_SHARE * length);
  const along = (size * Math.cos(HEAD_HALF_ANGLE_RAD)) / length;
  const across = (size * Math.sin(HEAD_HALF_ANGLE_RAD)) / length;
  const barb = (side) => [
    end[0] + backX * along - side * backY * across,
    end[1] + backY * along + side * backX * across,
  ];
  return [barb(1), end, barb(-1)];
}

function addLine(path, points) {
  points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
}

function addEllipse(path, [centre, a, b]) {
  const at = ([u, v]) => [
    centre[0] + u * (a[0] - centre[0]) + v * (b[0] - centre[0]),
    centre[1] + u * (a[1] - centre[1]) + v * (b[1] - centre[1]),
  ];
  path.moveTo(...at([1, 0]));
  for (const quarter of QUARTERS) path.bezierCurveTo(...quarter.flatMap(at));
  path.closePath();
}
