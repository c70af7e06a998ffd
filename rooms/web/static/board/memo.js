/**
 * A textarea and a Yjs text that say the same: the shared memo, and the staff's notes.
 *
 * Several people type at once. What is typed here becomes the smallest insertion and deletion
 * that explains it; what comes from others is put in around the caret. While an input method
 * composes, the textarea belongs to it: what others type waits until it is done.
 */

import * as Y from '../vendor/yjs.js';

export const MAX_LENGTH = 20_000;

export class Memo {
  /**
   * @param {HTMLTextAreaElement} area
   * @param {SharedDoc} shared
   * @param {string} name Of the text in the document: `memo` or `notes`.
   */
  constructor(area, shared, name) {
    this._area = area;
    this._shared = shared;
    this._name = name;
    this._isComposing = false;
    /** What textarea and document both said when they last agreed. */
    this._said = '';
    /** What others have done since. */
    this._deltas = [];
    this._observer = (event, transaction) => {
      if (transaction.origin === this) return;
      this._deltas.push(event.delta);
      this._agree();
    };
    this._listening = new AbortController();
    const { signal } = this._listening;
    area.maxLength = MAX_LENGTH;
    area.addEventListener('input', () => this._agree(), { signal });
    area.addEventListener('compositionstart', () => this._compose(true), { signal });
    area.addEventListener('compositionend', () => this._compose(false), { signal });
    // Some input methods end without saying so when the field is left.
    area.addEventListener('blur', () => this._compose(false), { signal });
    area.addEventListener('keydown', (event) => this._keyPressed(event), { signal });
    area.addEventListener('beforeinput', (event) => this._undoAsked(event), { signal });
    shared.addEventListener('replaced', () => this._bind(), { signal });
    this._bind();
  }

  /** Let the textarea be read only, or written in. */
  setRights({ memo }) {
    this._area.readOnly = !memo;
  }

  destroy() {
    this._listening.abort();
    this._unbind();
  }

  _bind() {
    this._unbind();
    this._text = this._shared.doc.getText(this._name);
    this._text.observe(this._observer);
    this._undo = new Y.UndoManager(this._text, { trackedOrigins: new Set([this]) });
    this._deltas = [];
    this._said = this._text.toString();
    this._area.value = this._said;
  }

  _unbind() {
    this._text?.unobserve(this._observer);
    this._undo?.destroy();
    this._text = null;
  }

  _compose(isComposing) {
    if (this._isComposing === isComposing) return;
    this._isComposing = isComposing;
    this._agree();
  }

  /** Take what the person changed into the document, and what others changed into the area. */
  _agree() {
    if (this._isComposing || !this._text) return;
    const area = this._area;
    const deltas = this._deltas;
    this._deltas = [];
    const change = difference(this._said, area.value, area.selectionEnd);
    const start = through(change.start, deltas);
    const removed = Math.max(through(change.start + change.removed, deltas) - start, 0);
    if (removed || change.inserted) this._write(start, removed, change.inserted);
    this._said = this._text.toString();
    if (area.value === this._said) return;
    const carried = (place) => {
      const inside = place - change.start;
      if (inside <= 0) return through(place, deltas);
      if (inside < change.inserted.length) return start + inside;
      const before = place - change.inserted.length + change.removed;
      return through(before, deltas) - removed + change.inserted.length;
    };
    this._show(carried(area.selectionStart), carried(area.selectionEnd));
  }

  _write(start, removed, inserted) {
    this._shared.doc.transact(() => {
      if (removed) this._text.delete(start, removed);
      if (inserted) this._text.insert(start, inserted);
    }, this);
  }

  _show(start, end) {
    const area = this._area;
    const [left, top, direction] = [area.scrollLeft, area.scrollTop, area.selectionDirection];
    area.value = this._said;
    area.setSelectionRange(start, end, direction);
    area.scrollTo(left, top);
  }

  /** A textarea whose value is set forgets its own undo steps; these never take others' words. */
  _keyPressed(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || this._isComposing) return;
    const key = event.key.toLowerCase();
    const isRedo = key === 'y' || (key === 'z' && event.shiftKey);
    if ((key !== 'z' && !isRedo) || this._area.readOnly) return;
    event.preventDefault();
    if (isRedo) this._undo.redo();
    else this._undo.undo();
  }

  /** The same from a menu, or by shaking the phone. */
  _undoAsked(event) {
    if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
    event.preventDefault();
    if (event.inputType === 'historyRedo') this._undo.redo();
    else this._undo.undo();
  }
}

/**
 * Return the smallest change from one text to another: `{start, removed, inserted}`.
 *
 * @param {number} caret Where the change ends in the later text: of three equal letters in a
 *   row, the one before the caret is the new one.
 */
export function difference(before, after, caret) {
  const most = Math.min(before.length, after.length);
  // What lies behind the caret was not touched.
  let tail = 0;
  const longestTail = Math.min(most, Math.max(after.length - caret, 0));
  while (tail < longestTail && sameFromEnd(before, after, tail)) tail += 1;
  let start = 0;
  while (start < most - tail && before[start] === after[start]) start += 1;
  while (tail < most - start && sameFromEnd(before, after, tail)) tail += 1;
  start -= splitsPair(before, start) || splitsPair(after, start) ? 1 : 0;
  tail -=
    splitsPair(before, before.length - tail) || splitsPair(after, after.length - tail) ? 1 : 0;
  return {
    start,
    removed: before.length - tail - start,
    // Half a letter would be another one on every screen.
    inserted: after.slice(start, after.length - tail).toWellFormed(),
  };
}

function sameFromEnd(before, after, tail) {
  return before[before.length - 1 - tail] === after[after.length - 1 - tail];
}

/** Half a pair of surrogates is no letter, and Yjs would make two question marks of it. */
function splitsPair(text, at) {
  const before = text.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff && at > 0 && at < text.length;
}

/** Return where a place between two letters is after what others did. */
function through(place, deltas) {
  let result = place;
  for (const delta of deltas) {
    let at = 0;
    for (const { retain = 0, insert = '', delete: gone = 0 } of delta) {
      at += retain;
      if (gone && at < result) result -= Math.min(gone, result - at);
      if (insert && at < result) result += insert.length;
      at += insert.length;
    }
  }
  return result;
}
