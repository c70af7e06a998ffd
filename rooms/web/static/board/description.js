/** What is on the board, in words, for who does not see it. */

import { Kind } from './items.js';

/** A screen reader is not held for minutes. */
const MOST_TEXTS = 100;
const MOST_LETTERS = 500;

export class Description {
  /**
   * @param {HTMLElement} root
   * @param {Texts} texts
   */
  constructor(root, texts) {
    this._texts = texts;
    this._place = hidden('p');
    this._place.setAttribute('aria-live', 'polite');
    this._list = hidden('ul');
    this._list.setAttribute('aria-label', texts.say('Texts on this page'));
    root.append(this._place, this._list);
    this._said = '';
  }

  /**
   * Say which page it is and what is written on it.
   *
   * @param {number} number From 1; 0 when there is no page.
   * @param {number} count
   * @param {{item: object}[]} entries
   * @returns {string} Which page it is.
   */
  update(number, count, entries) {
    const place = number
      ? this._texts.say('Page %(number)s of %(count)s', { number, count })
      : this._texts.say('No page is shown');
    // A live region speaks only of what is different.
    if (this._place.textContent !== place) this._place.textContent = place;
    const lines = textsOf(entries);
    const said = lines.join('\n');
    if (said === this._said) return place;
    this._said = said;
    this._list.replaceChildren(...lines.map(listItem));
    return place;
  }
}

/** Return the texts of a page as they are read: from above, from the left. */
function textsOf(entries) {
  return entries
    .filter(({ item }) => (item.kind === Kind.TEXT || item.kind === Kind.NOTE) && item.text.trim())
    .sort((a, b) => a.bounds.top - b.bounds.top || a.bounds.left - b.bounds.left)
    .slice(0, MOST_TEXTS)
    .map(({ item }) => item.text.slice(0, MOST_LETTERS));
}

function listItem(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}

function hidden(name) {
  const element = document.createElement(name);
  Object.assign(element.style, {
    position: 'absolute',
    width: '1px',
    height: '1px',
    margin: '-1px',
    padding: '0',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'pre-wrap',
  });
  return element;
}
