/**
 * The board of a room that is over: to leaf through and to look at closely, not to write on.
 */

import { Board } from './board/board.js';
import { SilentLine, StoredDoc } from './board/still.js';
import { Texts } from './texts.js';

const ZOOM = 1.4;
const NO_RIGHTS = { draw: false, point: false, manage: false };

class KeptBoard {
  constructor(root) {
    this._root = root;
    this._path = `/api/v1/kept/${root.dataset.room}`;
    this._texts = new Texts(JSON.parse(byId('board-texts').textContent));
    this._tools = byId('tools');
    this._page = null;
  }

  async start() {
    let update;
    try {
      update = new Uint8Array(await (await this._fetch('board')).arrayBuffer());
    } catch {
      byId('board-fault').hidden = false;
      this._root.hidden = this._tools.hidden = true;
      return;
    }
    // The wheel goes on with the page; with Ctrl, as a browser's own zoom, it is the board's.
    this._root.parentElement.addEventListener('wheel', (event) => {
      if (this._root.contains(event.target) && !event.ctrlKey) event.stopPropagation();
    }, { capture: true, passive: true });
    const board = new Board(this._root, {
      connection: new SilentLine(),
      shared: new StoredDoc(update),
      room: { page: null },
      seat: '',
      rights: NO_RIGHTS,
      fetchPicture: (picture, { signal }) => this._fetchPicture(picture, signal),
      texts: this._texts,
    });
    board.setTool({ kind: 'hand' });
    board.setRights(NO_RIGHTS);
    board.addEventListener('page', (event) => this._pageShown(event.detail));
    board.addEventListener('drawn', () => this._root.setAttribute('aria-busy', 'false'));
    this._listen(board);
    // There is nobody to follow: it begins with the first page.
    board.lookAt(board.pages[0]?.id ?? null);
  }

  _listen(board) {
    const acts = {
      back: () => board.turn(-1),
      on: () => board.turn(1),
      larger: () => board.zoomBy(ZOOM),
      smaller: () => board.zoomBy(1 / ZOOM),
      whole: () => board.fit(),
    };
    for (const button of this._tools.querySelectorAll('[data-act]')) {
      button.addEventListener('click', acts[button.dataset.act]);
    }
  }

  _pageShown({ page, number, count }) {
    if (page !== this._page) this._root.setAttribute('aria-busy', 'true');
    this._page = page;
    const said = this._texts.say('%(number)s of %(count)s', { number, count });
    byId('page-number').textContent = said;
    this._tools.querySelector('[data-act="back"]').disabled = number <= 1;
    this._tools.querySelector('[data-act="on"]').disabled = number >= count;
  }

  async _fetchPicture({ document, sheet, width, asset }, signal) {
    const below = asset ? `assets/${asset}` : `documents/${document}/${sheet}/${width}.webp`;
    return (await this._fetch(below, signal)).blob();
  }

  async _fetch(below, signal = undefined) {
    const answer = await fetch(`${this._path}/${below}`, { signal });
    if (!answer.ok) throw new Error(`${below}: ${answer.status}`);
    return answer;
  }
}

function byId(id) {
  return document.getElementById(id);
}

new KeptBoard(byId('board')).start();
