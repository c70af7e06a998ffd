/** What a guest does on the board: write, point, move, rub out, take back, see it larger. */

import { inkRgb, INK_COUNT } from './board/palette.js';

const CLOSER = 1.5;
/** The first ink is everybody's; a guest has one that is told apart from it. */
const FIRST_OF_GUESTS = 1;

export class Tools {
  /**
   * @param {HTMLElement} root Has a button for each tool (`data-tool`) and act (`data-act`).
   * @param {import('./board/board.js').Board} board
   * @param {string} colour Of the seat, "#rrggbb"; the ink nearest to it is taken.
   */
  constructor(root, board, colour) {
    this._root = root;
    this._board = board;
    this._canDraw = true;
    this._listening = new AbortController();
    const { signal } = this._listening;
    const acts = {
      undo: () => board.undo(),
      closer: () => board.zoomBy(CLOSER),
      fit: () => board.fit(),
      follow: () => board.follow(),
    };
    for (const button of root.querySelectorAll('[data-tool]')) {
      button.addEventListener('click', () => this._take(button.dataset.tool), { signal });
    }
    for (const button of root.querySelectorAll('[data-act]')) {
      button.addEventListener('click', acts[button.dataset.act], { signal });
    }
    board.addEventListener('undo', ({ detail }) => this._setUndo(detail.canUndo), { signal });
    board.addEventListener('page', ({ detail }) => this._setFollowing(detail.isFollowing), { signal });
    board.setTool({ colour: nearestInk(colour) });
    this._take('pen');
    this._setUndo(board.canUndo);
    this._setFollowing(board.isFollowing);
  }

  /** Without a pen there is nothing to write or rub out with. */
  setRights({ draw, point }) {
    this._canDraw = draw;
    for (const button of this._root.querySelectorAll('[data-tool="pen"], [data-tool="eraser"], [data-act="undo"]')) {
      button.hidden = !draw;
    }
    this._root.querySelector('[data-tool="pointer"]').hidden = !point;
    if (!draw && ['pen', 'eraser'].includes(this._tool)) this._take(point ? 'pointer' : 'hand');
    else if (draw && this._taken) this._take('pen');
    this._taken = !draw;
  }

  destroy() {
    this._listening.abort();
  }

  _take(tool) {
    this._tool = tool;
    this._board.setTool({ kind: tool });
    for (const button of this._root.querySelectorAll('[data-tool]')) {
      button.setAttribute('aria-pressed', String(button.dataset.tool === tool));
    }
  }

  _setUndo(can) {
    this._root.querySelector('[data-act="undo"]').setAttribute('aria-disabled', String(!can));
  }

  _setFollowing(isFollowing) {
    this._root.querySelector('[data-act="follow"]').hidden = isFollowing;
  }
}

/** Returns the ink that looks most like a colour. */
export function nearestInk(colour) {
  const wanted = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  let best = FIRST_OF_GUESTS;
  let least = Infinity;
  for (let ink = FIRST_OF_GUESTS; ink < INK_COUNT; ink += 1) {
    for (const isDark of [true, false]) {
      const away = inkRgb(ink, isDark).reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0);
      if (away < least) [best, least] = [ink, away];
    }
  }
  return best;
}
