/**
 * What makes the console's pages quicker; every page works without it.
 */

import { Chime } from './chime.js';
import { texts } from './texts.js';

const LOOK_AGAIN_MS = 4000;

/** Asks before what cannot be undone. */
function askBefore(form) {
  form.addEventListener('submit', async (event) => {
    if (form.dataset.sure) return;
    event.preventDefault();
    if (await ask(form.dataset.ask, form.dataset.yes)) {
      form.dataset.sure = 'yes';
      form.requestSubmit(event.submitter);
    }
  });
}

function ask(question, yes) {
  const dialog = document.getElementById('ask');
  document.getElementById('ask-words').textContent = question;
  document.getElementById('ask-yes').textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

function offerCopy(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const field = document.getElementById(button.dataset.copy);
    const said = document.getElementById('copied');
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = texts.say('The link is copied.');
    } catch {
      field.select();
      said.textContent = texts.say('The browser does not let us copy. The link is marked: copy it yourself.');
    }
  });
}

/** Says a moment as people do: the time alone when it is today. */
function sayMoment(element) {
  const moment = new Date(Date.now() + Number(element.dataset.in) * 1000);
  element.dateTime = moment.toISOString();
  const today = moment.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: 'short', day: 'numeric', weekday: 'short' };
  const options = { ...day, hour: '2-digit', minute: '2-digit' };
  element.textContent = moment.toLocaleString(texts.locale, options);
}

/** Keeps the list of rooms as it is at the service, and says when somebody waits. */
/** The service's own page, escaped there; the policy of the page lets nothing else be parsed. */
const OWN_LIST = window.trustedTypes?.createPolicy('kokuban-list', { createHTML: (text) => text });

class RoomList {
  constructor(root) {
    this._root = root;
    this._chime = new Chime();
    this._title = document.title;
    this._waiting = this._count();
    this._showTitle();
    setInterval(() => this._look(), LOOK_AGAIN_MS);
    document.addEventListener('visibilitychange', () => this._look());
  }

  async _look() {
    let answer;
    try {
      // Marked, so that a page that was left open does not keep anybody signed in.
      const headers = { 'X-Kokuban-Poll': '1' };
      answer = await fetch(this._root.dataset.list, { headers, redirect: 'manual' });
    } catch {
      return;
    }
    if (answer.type === 'opaqueredirect') location.reload();
    else if (answer.ok) this._show((await answer.text()).trim());
  }

  _show(text) {
    if (text === this._last) return;
    this._last = text;
    const fresh = new DOMParser().parseFromString(OWN_LIST?.createHTML(text) ?? text, 'text/html').body;
    const focused = document.activeElement?.closest('#rooms a')?.getAttribute('href');
    this._root.replaceChildren(...fresh.childNodes);
    if (focused) this._root.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    const before = this._waiting;
    this._waiting = this._count();
    this._showTitle();
    if (this._waiting > before) {
      this._chime.ring();
      const said = document.getElementById('rooms-said');
      said.textContent = texts.sayMany('%(count)s person is waiting at the door.', '%(count)s people are waiting at the door.', this._waiting);
    }
  }

  _count() {
    const lines = [...this._root.querySelectorAll('[data-knocking]')];
    return lines.reduce((sum, line) => sum + Number(line.dataset.knocking), 0);
  }

  _showTitle() {
    document.title = this._waiting ? `(${this._waiting}) ${this._title}` : this._title;
  }
}

document.querySelectorAll('form[data-ask]').forEach(askBefore);
document.querySelectorAll('[data-copy]').forEach(offerCopy);
document.querySelectorAll('time[data-in]').forEach(sayMoment);
const rooms = document.getElementById('rooms');
if (rooms) new RoomList(rooms);
