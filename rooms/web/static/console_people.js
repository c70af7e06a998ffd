/**
 * Who waits at the door and who is in the room: two lists with what staff can do about them.
 */

import { button } from './files.js';
import { Role } from './console_roles.js';

/** A minute is as exact as anybody wants to know how long somebody has waited. */
const MINUTE_MS = 60_000;

export class DoorList {
  /**
   * @param {object} given
   * @param {import('./texts.js').Texts} given.texts
   * @param {import('./chime.js').Chime} given.chime
   * @param {function(object): void} given.send Sends a message of the wire.
   */
  constructor({ texts, chime, send }) {
    this._texts = texts;
    this._chime = chime;
    this._send = send;
    this._list = byId('knocks');
    this._known = new Set();
    this._total = 0;
    this._timer = setInterval(() => this._tellWaits(), MINUTE_MS);
  }

  /** Shows the first of those who wait, and how many there are. */
  show(knocks, total) {
    const rows = new Map([...this._list.children].map((row) => [row.dataset.seat, row]));
    const shown = knocks.map((knock) => this._row(knock, rows.get(knock.seat)));
    if (total > knocks.length) shown.push(this._more(total - knocks.length));
    const focused = document.activeElement?.closest('#knocks') ? document.activeElement : null;
    this._list.replaceChildren(...shown);
    if (focused?.isConnected) focused.focus();
    else if (focused) byId('door-title').parentElement.querySelector('button, input')?.focus();
    byId('door-none').hidden = total > 0;
    byId('door-none').parentElement.classList.toggle('waiting', total > 0);
    this._announce(knocks, total);
    this._tellWaits();
  }

  close() {
    clearInterval(this._timer);
  }

  _announce(knocks, total) {
    const isNew = knocks.some(({ seat }) => !this._known.has(seat)) || total > this._total;
    this._known = new Set(knocks.map(({ seat }) => seat));
    this._total = total;
    const { _texts: texts } = this;
    if (isNew) {
      this._chime.ring();
      byId('door-said').textContent = texts.sayMany('%(count)s person is waiting at the door.', '%(count)s people are waiting at the door.', total);
    }
    const title = document.title.replace(/^\(\d+\) /, '');
    document.title = total ? `(${total}) ${title}` : title;
  }

  _row(knock, known) {
    if (known) {
      // Somebody says a name after they have knocked.
      known.querySelector('.who').textContent = this._nameOf(knock);
      return known;
    }
    const { _texts: texts } = this;
    const row = document.createElement('li');
    row.dataset.seat = knock.seat;
    row.dataset.since = String(Date.now() - knock.since_s * 1000);
    const who = part('span', 'who', this._nameOf(knock));
    const about = part('span', 'soft about', '');
    about.dataset.language = knock.language;
    const acts = part('div', 'acts', '');
    const admit = button('icon-check', texts.say('Let in'));
    admit.classList.add('main');
    admit.addEventListener('click', () => this._send({ t: 'admit', seat: knock.seat }));
    const refuse = button('icon-x', texts.say('Send away'));
    refuse.addEventListener('click', () => this._send({ t: 'refuse', seat: knock.seat }));
    for (const one of [admit, refuse]) {
      one.setAttribute('aria-label', `${one.textContent}: ${this._nameOf(knock)}`);
    }
    acts.append(admit, refuse);
    row.append(who, about, acts);
    return row;
  }

  _more(count) {
    const row = document.createElement('li');
    row.className = 'soft';
    row.textContent = this._texts.sayMany('and %(count)s more', 'and %(count)s more', count);
    return row;
  }

  _nameOf({ name }) {
    return name || this._texts.say('Guest without a name');
  }

  _tellWaits() {
    for (const row of this._list.querySelectorAll('[data-seat]')) {
      const about = row.querySelector('.about');
      const minutes = Math.floor((Date.now() - Number(row.dataset.since)) / MINUTE_MS);
      const waits = minutes < 1
        ? this._texts.say('just came')
        : this._texts.sayMany('waiting for %(count)s minute', 'waiting for %(count)s minutes', minutes);
      about.textContent = [waits, this._language(about.dataset.language)].filter(Boolean).join(' · ');
    }
  }

  _language(code) {
    if (code === 'en') return 'English';
    return code === 'ja-easy' ? 'やさしい日本語' : '';
  }
}

export class SeatList {
  /**
   * @param {object} given
   * @param {import('./texts.js').Texts} given.texts
   * @param {function(object): void} given.send Sends a message of the wire.
   * @param {function(string, string): Promise<boolean>} given.ask Asks before what hurts.
   */
  constructor({ texts, send, ask }) {
    this._texts = texts;
    this._send = send;
    this._ask = ask;
    this._list = byId('seats');
  }

  /** Shows the guests of the room. */
  show(seats) {
    const guests = seats.filter(({ role }) => role === Role.GUEST);
    const known = new Map([...this._list.children].map((row) => [row.dataset.seat, row]));
    const rows = guests.map((seat) => this._fill(known.get(seat.id) ?? this._row(seat.id), seat));
    if (rows.length !== known.size || rows.some((row) => !row.isConnected)) {
      this._list.replaceChildren(...rows);
    }
    byId('seats-none').hidden = guests.length > 0;
  }

  _row(id) {
    const row = document.createElement('li');
    row.dataset.seat = id;
    const acts = part('div', 'acts', '');
    const pen = button('icon-pen', '');
    pen.dataset.act = 'pen';
    pen.addEventListener('click', () => {
      this._send({ t: 'pen', seat: id, allowed: row.dataset.draws !== 'true' });
    });
    const out = button('icon-log-out', this._texts.say('Put out'));
    out.dataset.act = 'out';
    out.addEventListener('click', async () => {
      const question = this._texts.say('Put %(name)s out of the room?', { name: row.dataset.name });
      if (await this._ask(question, this._texts.say('Put out'))) this._send({ t: 'put_out', seat: id });
    });
    acts.append(pen, out);
    row.append(part('span', 'who', ''), part('span', 'soft about', ''), acts);
    return row;
  }

  _fill(row, seat) {
    const { _texts: texts } = this;
    const name = seat.name || texts.say('Guest without a name');
    row.dataset.name = name;
    row.dataset.draws = String(seat.may_draw);
    row.querySelector('.who').textContent = name;
    const states = [
      seat.connected ? '' : texts.say('Line cut, waiting'),
      seat.microphone ? '' : texts.say('microphone off'),
      seat.may_draw ? '' : texts.say('pen taken away'),
    ];
    row.querySelector('.about').textContent = states.filter(Boolean).join(' · ');
    const pen = row.querySelector('[data-act="pen"]');
    const word = seat.may_draw ? texts.say('Take the pen away') : texts.say('Give the pen back');
    pen.querySelector('span').textContent = word;
    pen.setAttribute('aria-label', `${word}: ${name}`);
    const out = row.querySelector('[data-act="out"]');
    out.setAttribute('aria-label', `${texts.say('Put out')}: ${name}`);
    return row;
  }
}

function part(kind, name, text) {
  const element = document.createElement(kind);
  element.className = name;
  element.textContent = text;
  return element;
}

function byId(id) {
  return document.getElementById(id);
}
