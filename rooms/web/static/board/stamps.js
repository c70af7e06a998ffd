/** Stamps: seals as they come off a vermilion pad, a check and a star, on a square of 1000. */

import { Stamp } from './items.js';
import { BOLD_FONT } from './lettering.js';

const SIDE = 1000;
const MIDDLE = 500;
const SEAL_RADIUS = 470;
const DONE_TEXT = '済';
const CHECK = new Path2D(
  'M80 560C100 470 190 450 240 520L395 705C530 470 690 260 900 85C950 50 990 90 955 135' +
    'C780 340 620 600 495 865C455 945 360 950 305 875L105 635C85 610 75 590 80 560Z',
);

/** Paint a stamp; the context is in page space, its fill and stroke style are the ink. */
export function paintStamp(context, { stamp, box, text }) {
  context.save();
  context.transform(box.ux / SIDE, box.uy / SIDE, box.vx / SIDE, box.vy / SIDE, box.x, box.y);
  if (stamp === Stamp.DATE) paintDate(context, text);
  else if (stamp === Stamp.DONE) paintDone(context);
  else if (stamp === Stamp.CHECK) context.fill(CHECK);
  else paintStar(context);
  context.restore();
}

/** A round seal whose two caps are inked, the date between them on bare board. */
function paintDate(context, text) {
  paintRing(context, 42);
  const radius = SEAL_RADIUS - 75;
  const angle = Math.asin((MIDDLE - 335) / radius);
  const caps = new Path2D();
  caps.arc(MIDDLE, MIDDLE, radius, Math.PI + angle, 2 * Math.PI - angle);
  caps.closePath();
  const lower = new Path2D();
  lower.arc(MIDDLE, MIDDLE, radius, angle, Math.PI - angle);
  lower.closePath();
  caps.addPath(lower);
  context.fill(caps);
  paintLetters(context, text, 112, 390, 776, 220);
}

function paintDone(context) {
  paintRing(context, 55);
  paintLetters(context, DONE_TEXT, 210, 210, 580, 580);
}

function paintRing(context, width) {
  context.lineWidth = width;
  context.beginPath();
  context.arc(MIDDLE, MIDDLE, SEAL_RADIUS - width / 2, 0, 2 * Math.PI);
  context.stroke();
}

/** A five-pointed star with rounded points, centred by its circle. */
function paintStar(context) {
  context.beginPath();
  for (let i = 0; i < 10; i += 1) {
    const radius = i % 2 === 0 ? 430 : 205;
    const angle = ((-90 + 36 * i) * Math.PI) / 180;
    context.lineTo(500 + radius * Math.cos(angle), 530 + radius * Math.sin(angle));
  }
  context.closePath();
  context.lineWidth = 70;
  context.lineJoin = 'round';
  context.fill();
  context.stroke();
}

/** Paint bold letters whose ink is as large as fits into the middle of a frame. */
function paintLetters(context, text, x, y, width, height) {
  if (!text.trim()) return;
  context.font = BOLD_FONT;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  const ink = context.measureText(text);
  const inkWidth = ink.actualBoundingBoxLeft + ink.actualBoundingBoxRight;
  const inkHeight = ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent;
  if (!(inkWidth > 0 && inkHeight > 0)) return;
  const factor = Math.min(width / inkWidth, height / inkHeight);
  context.translate(x + width / 2, y + height / 2);
  context.scale(factor, factor);
  context.fillText(
    text,
    ink.actualBoundingBoxLeft - inkWidth / 2,
    ink.actualBoundingBoxAscent - inkHeight / 2,
  );
}
