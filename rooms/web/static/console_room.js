/**
 * A room as staff see it: door, people, faces, board, shared memo beside their own notes, files.
 *
 * Every welcome is the whole truth. The seat is kept for this tab, so a page that is loaded again
 * comes back into the same one.
 */

import { Board } from './board/board.js';
import { Memo } from './board/memo.js';
import { css, inkRgb } from './board/palette.js';
import { isDark } from './board/pages.js';
import { pictureFetcher } from './board/pictures.js';
import { SharedDoc } from './board/sync.js';
import { Chime } from './chime.js';
import { Connection } from './connection.js';
import { addDocument, addPage } from './console_pages.js';
import { DoorList, SeatList } from './console_people.js';
import { Devices } from './devices.js';
import { Faces } from './faces.js';
import { ask as askService, Files, words } from './files.js';
import { Media } from './media.js';
import { texts } from './texts.js';
import { Channel, Close, Rung } from './wire.js';

const TOLD_MS = 6000;
/** Somebody who talks for hours has to stay signed in; one who went home has not. */
const AWAKE_MS = 5 * 60_000;
const LOW_WIDTH_PX = 640;
const WIDTHS_PT = { pen: 3.5, highlighter: 18 };

class StaffRoom {
  constructor() {
    this._settings = JSON.parse(byId('settings').textContent);
    this._connection = new Connection();
    this._devices = new Devices();
    this._media = new Media(this._connection, this._devices);
    this._faces = new Faces(byId('faces'), texts);
    const send = (message) => this._connection.send(message);
    const ask = (question, yes) => this._ask(question, yes);
    this._chime = new Chime();
    this._door = new DoorList({ texts, chime: this._chime, send });
    this._people = new SeatList({ texts, send, ask });
    this._seats = new Map();
    this._me = null;
    this._room = null;
    this._parts = null;
    this._knownFiles = null;
    this._unseen = new Set();
    /** Documents that go onto the board as soon as their pages are known. */
    this._expected = new Set();
    this._listen();
    this._listenToTools();
  }

  async start() {
    this._seat = this._keptSeat() ?? (await this._takeSeat());
    if (this._seat === null) return;
    this._devices.start();
    this._connection.connect(this._seat.token);
    this._stayAwake();
  }

  // The seat -----------------------------------------------------------------------------

  async _takeSeat() {
    const { room, name } = this._settings;
    const path = `/api/v1/rooms/${room}/seats`;
    const headers = { 'Content-Type': 'application/json' };
    let answer;
    try {
      answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify({ name }) });
    } catch {
      this._showOver(texts.say('There is no connection'), texts.say('Please try again when it is back.'), true);
      return null;
    }
    if (answer.status === 401) {
      location.href = '/staff/sign-in';
      return null;
    }
    if (!answer.ok) {
      this._showOver(texts.say('You cannot go in'), texts.say('The room is over, or its places are taken.'));
      return null;
    }
    const seat = await answer.json();
    sessionStorage.setItem(this._keptName(), JSON.stringify(seat));
    return seat;
  }

  _keptSeat() {
    try {
      return JSON.parse(sessionStorage.getItem(this._keptName()));
    } catch {
      return null;
    }
  }

  _keptName() {
    return `kokuban-staff-${this._settings.room}`;
  }

  async _seatLost() {
    sessionStorage.removeItem(this._keptName());
    // Once: after a cut that was longer than a seat is kept there is another one.
    if (this._triedAgain) {
      this._showOver(texts.say('You are no longer in the room'), texts.say('Your place was given up.'), true);
      return;
    }
    this._triedAgain = true;
    this._seat = await this._takeSeat();
    if (this._seat !== null) this._connection.connect(this._seat.token);
  }

  // What is said -------------------------------------------------------------------------

  _listen() {
    const on = (source, name, act) => source.addEventListener(name, (event) => act(event.detail));
    const line = this._connection;
    on(line, 'state', (state) => this._lineChanged(state));
    on(line, 'message:welcome', (message) => this._welcome(message));
    on(line, 'message:seat', ({ seat }) => this._seatChanged(seat));
    on(line, 'message:seat_left', ({ seat }) => this._seatLeft(seat));
    on(line, 'message:room', ({ room }) => this._setRoom(room));
    on(line, 'message:rights', ({ rights }) => this._setRights(rights));
    on(line, 'message:files', ({ files }) => this._setFiles(files));
    on(line, 'message:documents', ({ documents }) => this._documentsChanged(documents));
    on(line, 'message:knocks', ({ knocks, total }) => this._door.show(knocks, total));
    on(line, 'message:page', ({ page }) => this._setRoom({ ...this._room, page, board: page !== null }));
    on(line, 'message:over', (message) => this._over(message));
    on(line, 'message:trouble', ({ about }) => this._troubled(about));
    on(this._media, 'stream', ({ seat, stream }) => this._faces.attach(seat, stream));
    on(this._media, 'peer', ({ seat, state }) => this._faces.setPeer(seat, state));
    on(this._media, 'rung', ({ rung }) => this._setRung(rung));
    on(this._faces, 'blocked', (blocked) => {
      byId('heard').hidden = !blocked;
    });
    on(this._devices, 'change', () => this._devicesChanged());
    window.addEventListener('beforeunload', () => this._parts?.shared.flush());
  }

  _welcome(message) {
    const { room, rights, seats, seat, files, documents, knocks, knocking } = message;
    this._triedAgain = false;
    this._me = seat;
    this._seats = new Map(seats.map((one) => [one.id, one]));
    this._faces.show(seats, seat);
    this._faces.attachSelf(this._devices.video);
    this._media.enter(message);
    this._people.show(seats);
    this._door.show(knocks, knocking);
    if (this._parts === null) this._build(message);
    this._setRoom(room);
    this._setRights(rights);
    this._setFiles(files);
    this._documentsChanged(documents);
  }

  _build({ room, seat, seats, rights }) {
    const connection = this._connection;
    const shared = new SharedDoc(connection);
    const notesDoc = new SharedDoc(connection, Channel.NOTES_UPDATE);
    const board = new Board(byId('board'), {
      connection, shared, room, seat, seats, rights, texts,
      fetchPicture: pictureFetcher(this._seat.room, () => this._seat.token),
    });
    const files = new Files(byId('files'), {
      texts, seat: this._seat, tell: (text) => this._tell(text),
      ask: (question, yes) => this._ask(question, yes),
    });
    const memo = new Memo(byId('memo'), shared, 'memo');
    const notes = new Memo(byId('notes'), notesDoc, 'notes');
    this._parts = { shared, notesDoc, board, files, memo, notes };
    board.addEventListener('page', (event) => this._pageShown(event.detail));
    board.addEventListener('undo', ({ detail }) => {
      byId('undo').disabled = !detail.canUndo;
      byId('redo').disabled = !detail.canRedo;
    });
  }

  _seatChanged(seat) {
    const isNew = !this._seats.has(seat.id);
    this._seats.set(seat.id, seat);
    this._faces.update(seat);
    this._media.update(seat);
    this._people.show([...this._seats.values()]);
    if (isNew && seat.id !== this._me) {
      this._tell(texts.say('%(name)s came in.', { name: this._faces.nameOf(seat) }));
    }
  }

  _seatLeft(id) {
    const seat = this._seats.get(id);
    this._seats.delete(id);
    this._faces.remove(id);
    this._media.drop(id);
    this._people.show([...this._seats.values()]);
    if (seat) this._tell(texts.say('%(name)s left.', { name: this._faces.nameOf(seat) }));
  }

  _setRoom(room) {
    this._room = room;
    byId('lock').setAttribute('aria-pressed', String(room.locked));
    byId('kept').checked = room.kept;
    byId('guest-files').checked = room.guest_files;
    byId('board').hidden = !room.board;
    byId('tools').hidden = !room.board;
    byId('stage').toggleAttribute('data-board', room.board);
    byId('show-board').setAttribute('aria-expanded', String(room.board));
    this._parts?.board.showPage(room.page);
    byId('papers').hidden = !room.memo;
    byId('show-memo').setAttribute('aria-expanded', String(room.memo));
  }

  _setRights(rights) {
    const { board, files, memo, notes } = this._parts;
    board.setRights(rights);
    files.setAllowed(rights.files);
    memo.setRights(rights);
    notes.setRights({ memo: rights.notes });
  }

  _setRung(rung) {
    this._faces.setRung(rung);
    this._parts?.board.setPictureLimit(rung >= Rung.LOW_DOCUMENTS ? LOW_WIDTH_PX : Infinity);
  }

  // Files and documents ------------------------------------------------------------------

  _setFiles(files) {
    this._parts.files.show(files);
    const known = this._knownFiles;
    this._knownFiles = new Set(files.map(({ id }) => id));
    if (known !== null) {
      for (const file of files.filter(({ id, seat }) => !known.has(id) && seat !== this._me)) {
        this._unseen.add(file.id);
        this._tell(texts.say('A file for you: %(name)s', { name: file.name }));
      }
    }
    for (const id of this._unseen) if (!this._knownFiles.has(id)) this._unseen.delete(id);
    this._paintUnseen();
  }

  _paintUnseen() {
    if (!byId('files-side').hidden) this._unseen.clear();
    byId('files-new').hidden = this._unseen.size === 0;
    byId('files-new').textContent = String(this._unseen.size);
  }

  async _shareDocument(file) {
    const path = `/api/v1/rooms/${this._seat.room}/documents`;
    const headers = {
      'X-File-Name': encodeURIComponent(file.name),
      'Content-Type': file.type || 'application/pdf',
    };
    this._tell(texts.say('%(name)s is being put on the board …', { name: file.name }));
    try {
      const { token } = this._seat;
      const view = await askService(path, { token, method: 'POST', headers, body: file });
      this._expected.add(view.id);
      if (view.sheets > 0) this._documentsChanged([view]);
    } catch (error) {
      this._tell(words(error, texts));
    }
  }

  _documentsChanged(documents) {
    for (const view of documents.filter(({ id }) => this._expected.has(id))) {
      if (view.failed) {
        this._expected.delete(view.id);
        this._tell(texts.say('%(name)s cannot be shown.', { name: view.name }));
      } else if (view.sheets > 0) {
        this._expected.delete(view.id);
        this._putOnBoard(view);
      }
    }
  }

  async _putOnBoard(view) {
    const { token, room } = this._seat;
    try {
      const { sizes_pt: sizes } = await askService(`/api/v1/rooms/${room}/documents/${view.id}/sheets`, { token });
      const { board, shared } = this._parts;
      const first = addDocument(shared.doc, board.pages, view, sizes);
      shared.flush();
      if (first === null) this._tell(texts.say('%(name)s cannot be shown.', { name: view.name }));
      else this._lead(first);
    } catch (error) {
      this._tell(words(error, texts));
    }
  }

  // The board ----------------------------------------------------------------------------

  _toggleBoard() {
    const { board } = this._parts;
    if (this._room.board) {
      this._lead(null);
      return;
    }
    const [first] = board.pages;
    const last = board.pages.find(({ id }) => id === this._lastPage);
    if (last ?? first) this._lead((last ?? first).id);
    else this._newPage();
  }

  /** Leads all to a page, or puts the board away. The service tells it to the others alone. */
  _lead(page) {
    this._parts.board.leadTo(page);
    this._setRoom({ ...this._room, page, board: page !== null });
  }

  _newPage() {
    const { board, shared } = this._parts;
    const id = addPage(shared.doc, board.pages, board.page?.id ?? null);
    shared.flush();
    this._lead(id);
  }

  _leaf(by) {
    const { board } = this._parts;
    const at = board.pages.findIndex(({ id }) => id === board.page?.id);
    const next = board.pages[at + by];
    if (next) this._lead(next.id);
  }

  _pageShown({ number, count }) {
    const { page } = this._parts.board;
    if (page) this._lastPage = page.id;
    byId('page-number').textContent = page ? texts.say('%(number)s of %(count)s', { number, count }) : '';
    byId('page-back').disabled = !page || number <= 1;
    byId('page-on').disabled = !page || number >= count;
    for (const colour of document.querySelectorAll('.colour')) {
      const ink = inkRgb(Number(colour.dataset.colour), page ? isDark(page) : true);
      colour.style.setProperty('--ink', css(ink));
    }
  }

  _listenToTools() {
    choice(document.querySelectorAll('[data-tool]'), ({ tool: kind }) => {
      this._parts?.board.setTool({ kind, widthPt: WIDTHS_PT[kind] ?? WIDTHS_PT.pen, colour: this._colourFor(kind) });
    });
    choice(document.querySelectorAll('[data-colour]'), ({ colour }) => {
      this._colour = Number(colour);
      this._parts?.board.setTool({ colour: this._colourFor(this._parts.board.tool.kind) });
    });
    const click = (id, act) => byId(id).addEventListener('click', act);
    click('undo', () => this._parts?.board.undo());
    click('redo', () => this._parts?.board.redo());
    click('page-back', () => this._leaf(-1));
    click('page-on', () => this._leaf(1));
    click('page-new', () => this._newPage());
    click('show-board', () => this._parts && this._toggleBoard());
    click('show-memo', () => this._parts && this._connection.send({ t: 'set_room', memo: !this._room.memo }));
    click('show-files', () => this._toggleFiles());
    click('lock', () => this._room && this._connection.send({ t: 'set_room', locked: !this._room.locked }));
    click('end', () => this._end());
    click('hear', () => this._faces.hear());
    click('again', () => location.reload());
    click('leave', () => this._leave());
    this._rule('kept', (kept) => ({ kept }));
    this._rule('guest-files', (allowed) => ({ guest_files: allowed }));
    byId('chime').addEventListener('change', (event) => {
      this._chime.on = event.target.checked;
    });
    byId('document-file').addEventListener('change', (event) => {
      const [file] = event.target.files;
      event.target.value = '';
      if (file) this._shareDocument(file);
    });
    for (const turn of document.querySelectorAll('[data-turn]')) {
      turn.addEventListener('click', () => {
        this._devices.turn(turn.dataset.turn, !this._devices.isOn(turn.dataset.turn));
      });
    }
  }

  /** A tick is what the room is: without a line it goes back to that. */
  _rule(id, change) {
    const box = byId(id);
    box.addEventListener('change', () => {
      const wanted = box.checked;
      if (this._room && this._connection.send({ t: 'set_room', ...change(wanted) })) return;
      box.checked = !wanted;
      this._tell(texts.say('That did not work. Please try again.'));
    });
  }

  /** Highlighters have colours of their own, as many as there are buttons. */
  _colourFor() {
    return this._colour ?? 0;
  }

  _toggleFiles() {
    const side = byId('files-side');
    side.hidden = !side.hidden;
    byId('show-files').setAttribute('aria-expanded', String(!side.hidden));
    if (!side.hidden) {
      side.scrollIntoView({ block: 'nearest' });
      byId('files-title').focus();
    }
    this._paintUnseen();
  }

  // The end ------------------------------------------------------------------------------

  async _end() {
    const question = this._room?.kept
      ? texts.sayMany(
          'End the room for everybody? What was shared in it can be read for %(count)s day, under “Kept rooms”.',
          'End the room for everybody? What was shared in it can be read for %(count)s days, under “Kept rooms”.',
          this._settings.kept_days,
        )
      : texts.say('End the room for everybody? What was shared in it is erased.');
    if (await this._ask(question, texts.say('End the room'))) this._connection.send({ t: 'end' });
  }

  _leave() {
    this._parts?.shared.flush();
    this._parts?.notesDoc.flush();
    this._connection.send({ t: 'bye' });
    sessionStorage.removeItem(this._keptName());
  }

  _over({ reason }) {
    sessionStorage.removeItem(this._keptName());
    if (reason === 'put_out') this._showOver(texts.say('You were put out of the room'), '');
    else if (this._room?.kept && reason !== 'left') {
      this._showOver(texts.say('The room is over'), texts.say('Its key no longer works. What was shared in it is kept.'));
      byId('over-kept').hidden = false;
    } else this._showOver(texts.say('The room is over'), texts.say('Its key no longer works, and what was shared in it is erased.'));
  }

  _lineChanged({ state, code }) {
    const line = byId('line');
    line.hidden = state !== 'lost';
    if (state === 'lost') line.textContent = texts.say('The line is cut. It is being taken up again …');
    if (state !== 'closed' || !byId('over').hidden) return;
    if (code === Close.BAD_TOKEN) this._seatLost();
    else if (code === Close.OLD_CLIENT) location.reload();
    else if (code === Close.TAKEN_ELSEWHERE) {
      this._showOver(texts.say('The room is open in another window'), texts.say('You can go on there, or here.'), true);
    } else if (code !== 1000) this._showOver(texts.say('You are no longer in the room'), '', true);
  }

  _showOver(title, more, again = false) {
    this._media.close();
    this._devices.stop();
    this._door.close();
    byId('main').hidden = true;
    byId('over').hidden = false;
    byId('again').hidden = !again;
    byId('over-title').textContent = title;
    byId('over-words').textContent = more;
    document.body.dataset.screen = 'end';
    document.title = title;
    byId('over-title').focus();
    this._connection.close();
  }

  // What all of them use -----------------------------------------------------------------

  _devicesChanged() {
    this._faces.attachSelf(this._devices.video);
    for (const turn of document.querySelectorAll('[data-turn]')) {
      turn.setAttribute('aria-pressed', String(this._devices.isOn(turn.dataset.turn)));
    }
    const mine = this._seats.get(this._me);
    if (!mine) return;
    const shown = { ...mine, microphone: this._devices.isOn('audio'), camera: this._devices.isOn('video') };
    this._seats.set(this._me, shown);
    this._faces.update(shown);
  }

  _troubled(about) {
    // What the board cannot do, the board says.
    if (about === 'board' || about === 'notes') return;
    this._tell(texts.say('That did not work. Please try again.'));
  }

  _tell(text) {
    clearTimeout(this._toldTimer);
    byId('told').textContent = text;
    this._toldTimer = setTimeout(() => {
      byId('told').textContent = '';
    }, TOLD_MS);
  }

  _ask(question, yes) {
    const dialog = byId('ask');
    byId('ask-words').textContent = question;
    byId('ask-yes').textContent = yes;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
  }

  _stayAwake() {
    let touched = false;
    for (const name of ['pointerdown', 'keydown']) {
      document.addEventListener(name, () => (touched = true), { passive: true });
    }
    setInterval(() => {
      if (touched) fetch('/staff/awake', { method: 'POST', redirect: 'manual' }).catch(() => {});
      touched = false;
    }, AWAKE_MS);
  }
}

/** Makes buttons of a radio group: one is chosen, arrows go from one to the next. */
function choice(buttons, choose) {
  const all = [...buttons];
  const take = (one) => {
    for (const other of all) {
      other.setAttribute('aria-checked', String(other === one));
      other.tabIndex = other === one ? 0 : -1;
    }
    choose(one.dataset);
  };
  all.forEach((one, at) => {
    one.addEventListener('click', () => take(one));
    one.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = all[(at + step + all.length) % all.length];
      next.focus();
      take(next);
    });
  });
}

function byId(id) {
  return document.getElementById(id);
}

new StaffRoom().start();
