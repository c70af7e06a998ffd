/**
 * Pictures on the board: sheets of documents in the smallest width that will do first, then
 * sharper, and images by the SHA-256 of their bytes. Few are kept: a phone has little memory.
 *
 * Events: `sheet` (detail {document, number}), `image` (detail {sha256}): a picture has come.
 */

export const WIDTHS = Object.freeze([640, 1280, 2560]);
const MOST_BYTES = 72 * 1024 * 1024;
const BYTES_PER_PX = 4;
/** An image is shown in no more than these; photos of phones have ten times as many. */
const MOST_IMAGE_PX = 2_500_000;
/** A picture that could not be had is asked for again after this. */
const RETRY_MS = 4000;
/** One that there was no room for, after this. */
const NO_ROOM_MS = 30_000;

/**
 * Return how pictures of a room are fetched: with the seat's token in a header, never in a URL.
 *
 * @param {string} room
 * @param {() => string} token
 * @returns {(picture: {document: string, sheet: number, width: number} | {asset: string},
 *   options: {signal: AbortSignal}) => Promise<Blob>}
 */
export function pictureFetcher(room, token) {
  return async ({ document, sheet, width, asset }, { signal }) => {
    const path = asset ? `assets/${asset}` : `documents/${document}/${sheet}/${width}.webp`;
    const address = `/api/v1/rooms/${encodeURIComponent(room)}/${path}`;
    const headers = { Authorization: `Bearer ${token()}` };
    const answer = await fetch(address, { headers, signal });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.blob();
  };
}

export class Pictures extends EventTarget {
  /** @param {ReturnType<typeof pictureFetcher>} fetchPicture */
  constructor(fetchPicture) {
    super();
    this._fetch = fetchPicture;
    this._limit = WIDTHS.at(-1);
    /** Name to {bitmap, bytes}; the last one used is the last one here. */
    this._kept = new Map();
    this._bytes = 0;
    /** Name to its AbortController. */
    this._asked = new Map();
    /** Name to the time before which it is not asked for again. */
    this._notBefore = new Map();
  }

  /** Take no wider pictures than this from now on: the line is slow. */
  setLimit(width) {
    this._limit = width;
  }

  /**
   * Return the best picture of a sheet that is there; a better one is asked for when needed.
   *
   * @param {{document: string, number: number, turns: number}} sheet
   * @param {number} wanted Width on the glass, device px.
   */
  sheet(sheet, wanted) {
    const { document, number } = sheet;
    const name = (width) => `${document} ${number} ${width}`;
    const enough = WIDTHS.find((width) => width >= Math.min(wanted, this._limit)) ?? this._limit;
    const there = WIDTHS.filter((width) => this._kept.has(name(width)));
    const best = there.find((width) => width >= enough) ?? there.at(-1) ?? 0;
    if (best < enough) {
      // The smallest first: it is there soon, and a sharper one follows.
      const next = WIDTHS.find((width) => width > best && width <= enough);
      if (next)
        this._ask(name(next), { document, sheet: number, width: next }, 'sheet', {
          document,
          number,
        });
    }
    return best ? this._use(name(best)) : null;
  }

  /** Return an image, or null while it is not there. */
  image(sha256) {
    if (this._kept.has(sha256)) return this._use(sha256);
    this._ask(sha256, { asset: sha256 }, 'image', { sha256 });
    return null;
  }

  /** Give up what is on its way: another page is shown. */
  forgetAsked() {
    for (const asked of this._asked.values()) asked.abort();
    this._asked.clear();
  }

  destroy() {
    this.forgetAsked();
    for (const { bitmap } of this._kept.values()) bitmap.close();
    this._kept.clear();
  }

  _use(name) {
    const kept = this._kept.get(name);
    this._kept.delete(name);
    this._kept.set(name, kept);
    return kept.bitmap;
  }

  async _ask(name, picture, event, detail) {
    if (this._asked.has(name) || performance.now() < (this._notBefore.get(name) ?? 0)) return;
    const asked = new AbortController();
    this._asked.set(name, asked);
    try {
      const blob = await this._fetch(picture, { signal: asked.signal });
      const bitmap = await decoded(blob);
      if (asked.signal.aborted) {
        bitmap.close();
        return;
      }
      this._keep(name, bitmap);
      this._asked.delete(name);
      this.dispatchEvent(new CustomEvent(event, { detail }));
    } catch (error) {
      if (asked.signal.aborted) return;
      this._asked.delete(name);
      this._notBefore.set(name, performance.now() + RETRY_MS);
      console.warn('a picture did not come', name, String(error));
    }
  }

  _keep(name, bitmap) {
    const bytes = bitmap.width * bitmap.height * BYTES_PER_PX;
    this._kept.set(name, { bitmap, bytes });
    this._bytes += bytes;
    for (const [old, kept] of this._kept) {
      if (this._bytes <= MOST_BYTES || old === name) break;
      kept.bitmap.close();
      this._kept.delete(old);
      this._bytes -= kept.bytes;
      this._notBefore.set(old, performance.now() + NO_ROOM_MS);
    }
  }
}

async function decoded(blob) {
  const bitmap = await createImageBitmap(blob);
  const shrink = Math.sqrt(MOST_IMAGE_PX / (bitmap.width * bitmap.height));
  if (shrink >= 1 || bitmap.width <= WIDTHS.at(-1)) return bitmap;
  const resizeWidth = Math.max(Math.round(bitmap.width * shrink), 1);
  const small = await createImageBitmap(bitmap, { resizeWidth, resizeQuality: 'high' });
  bitmap.close();
  return small;
}
