/**
 * The people in a room: a tile for each, with face, name and what there is to say about them.
 *
 * Pictures are always muted and play by themselves everywhere; voices come from elements of their
 * own. Where a browser wants a touch before it lets anything be heard, `blocked` is told, and
 * `hear()` is to be called from a touch.
 */

import { Rung } from './wire.js';

export class Faces extends EventTarget {
  /**
   * @param {HTMLUListElement} root
   * @param {import('./texts.js').Texts} texts
   */
  constructor(root, texts) {
    super();
    this._root = root;
    this._texts = texts;
    this._tiles = new Map();
    this._me = null;
    this._onSeen = () => document.visibilityState === 'visible' && this.hear();
    document.addEventListener('visibilitychange', this._onSeen);
  }

  /** Shows who is in the room; `me` is one's own seat. */
  show(seats, me) {
    this._me = me;
    for (const known of [...this._tiles.keys()]) {
      if (!seats.some((seat) => seat.id === known)) this.remove(known);
    }
    seats.forEach((seat) => this.update(seat));
  }

  /** Shows somebody who came, or what is different about them. */
  update(seat) {
    const tile = this._tile(seat.id);
    tile.seat = seat;
    tile.name.textContent = this.nameOf(seat);
    tile.element.style.setProperty('--ink', seat.colour);
    tile.element.dataset.role = seat.role;
    tile.initial.textContent = [...this.nameOf(seat)][0] ?? '';
    this._paint(tile);
    this._count();
  }

  remove(id) {
    const tile = this._tiles.get(id);
    if (tile === undefined) return;
    tile.video.srcObject = null;
    tile.voice.srcObject = null;
    tile.element.remove();
    this._tiles.delete(id);
    this._count();
  }

  /** Shows and sounds what comes from a seat. */
  attach(id, stream) {
    const tile = this._tile(id);
    if (tile.video.srcObject !== stream) {
      tile.video.srcObject = stream;
      tile.voice.srcObject = stream;
    }
    this._play(tile);
    this._paint(tile);
  }

  /** Shows one's own camera. */
  attachSelf(track) {
    const tile = this._tiles.get(this._me);
    if (tile === undefined) return;
    const [shown] = tile.video.srcObject?.getTracks() ?? [];
    if (shown !== track) tile.video.srcObject = track ? new MediaStream([track]) : null;
    tile.element.classList.toggle('turned', track?.getSettings?.().facingMode !== 'environment');
    if (track) tile.video.play().catch(() => {});
    this._paint(tile);
  }

  /** Says how the connection to a seat is. */
  setPeer(id, state) {
    const tile = this._tiles.get(id);
    if (tile === undefined) return;
    tile.peer = state;
    this._paint(tile);
  }

  /** Says on which rung one's own line is. */
  setRung(rung) {
    this._rung = rung;
    for (const tile of this._tiles.values()) this._paint(tile);
  }

  /** Lets everybody be heard; from a touch it always works. */
  hear() {
    for (const tile of this._tiles.values()) this._play(tile);
  }

  /** Returns what somebody is called. */
  nameOf({ name, role }) {
    if (name) return name;
    switch (role) {
      case 'staff':
        return this._texts.say('Staff');
      case 'kiosk':
        return this._texts.say('Meeting room');
      default:
        return this._texts.say('Guest');
    }
  }

  close() {
    document.removeEventListener('visibilitychange', this._onSeen);
    for (const id of [...this._tiles.keys()]) this.remove(id);
  }

  _tile(id) {
    const known = this._tiles.get(id);
    if (known) return known;
    const tile = makeTile(id);
    this._tiles.set(id, tile);
    tile.element.classList.toggle('self', id === this._me);
    // Frames come, or the shape of the picture changes: a phone was turned.
    for (const name of ['playing', 'resize', 'emptied']) {
      tile.video.addEventListener(name, () => this._paint(tile));
    }
    if (id === this._me) this._root.append(tile.element);
    else this._root.insertBefore(tile.element, this._root.querySelector('.self'));
    return tile;
  }

  async _play(tile) {
    if (tile.video.srcObject === null || tile.element.classList.contains('self')) return;
    tile.video.play().catch(() => {});
    try {
      await tile.voice.play();
      this._block(false);
    } catch (error) {
      if (error.name === 'NotAllowedError') this._block(true);
    }
  }

  _block(blocked) {
    this.dispatchEvent(new CustomEvent('blocked', { detail: blocked }));
  }

  _paint(tile) {
    const { seat } = tile;
    if (!seat) return;
    const self = seat.id === this._me;
    const sends = seat.camera && (self || (seat.rung < Rung.NO_FACES && (this._rung ?? 0) < Rung.NO_FACES));
    const seen = sends && tile.video.srcObject !== null && tile.video.videoWidth > 0;
    tile.element.classList.toggle('seen', seen);
    tile.element.classList.toggle('upright', tile.video.videoHeight > tile.video.videoWidth);
    tile.quiet.hidden = seat.microphone;
    tile.quietWords.textContent = this._texts.say('microphone off');
    const note = this._noteOf(tile, self);
    if (tile.note.textContent !== note) tile.note.textContent = note;
    tile.note.hidden = note === '';
    if (self) tile.name.textContent = this._texts.say('You');
  }

  _noteOf({ seat, peer, video }, self) {
    const { _texts: texts } = this;
    if (self) return '';
    if (!seat.connected) return texts.say('Line cut, waiting');
    if (peer === 'mending') return texts.say('Reconnecting');
    if (!seat.camera) return '';
    if (seat.rung >= Rung.NO_FACES || (this._rung ?? 0) >= Rung.NO_FACES) {
      return texts.say('Picture paused for the voice');
    }
    return video.videoWidth === 0 ? texts.say('Picture coming') : '';
  }

  _count() {
    const others = this._tiles.size - (this._tiles.has(this._me) ? 1 : 0);
    this._root.dataset.others = String(Math.min(others, 9));
  }
}

function makeTile(id) {
  const element = document.createElement('li');
  element.className = 'tile';
  element.dataset.seat = id;
  const video = document.createElement('video');
  video.muted = video.autoplay = video.playsInline = true;
  // iOS looks at the attributes, not at the properties.
  for (const name of ['muted', 'autoplay', 'playsinline']) video.setAttribute(name, '');
  video.disablePictureInPicture = true;
  video.tabIndex = -1;
  const voice = document.createElement('audio');
  voice.autoplay = true;
  const initial = part('div', 'initial');
  initial.setAttribute('aria-hidden', 'true');
  const plate = part('p', 'plate');
  const dot = part('span', 'dot');
  const name = part('span', 'name');
  const quiet = part('span', 'quiet');
  const quietWords = part('span', 'visually-hidden');
  const picture = document.getElementById('icon-mic-off')?.content.cloneNode(true);
  if (picture) quiet.append(picture);
  quiet.append(quietWords);
  plate.append(dot, name, quiet);
  const note = part('p', 'note');
  element.append(video, voice, initial, note, plate);
  return { element, video, voice, initial, name, quiet, quietWords, note, seat: null, peer: '' };
}

function part(kind, name) {
  const element = document.createElement(kind);
  element.className = name;
  return element;
}
