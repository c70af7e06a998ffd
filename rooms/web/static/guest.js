/**
 * The guest's way: key, door (devices, name, lobby), room, end.
 *
 * A seat lives in sessionStorage, so a page that is loaded again comes back into the same seat
 * without the lobby. The key is checked as soon as it is typed; the socket opens, and staff are
 * told, when the guest has said "come in".
 */

import { Connection } from './connection.js';
import { Devices, LevelMeter } from './devices.js';
import { ask, Files } from './files.js';
import { digitsOf, grouped, isKey, keyOfLink } from './keys.js';
import { preload, Room } from './room.js';
import { texts } from './texts.js';
import { Close, Rung } from './wire.js';

const KEPT = 'kokuban-seat';
const RELOADED = 'kokuban-reloaded';
const TOLD_MS = 6000;
const LONGEST_WAIT_S = 20;

class Guest {
  constructor() {
    this._settings = JSON.parse(byId('settings').textContent);
    this._connection = new Connection();
    this._devices = new Devices();
    this._meter = new LevelMeter((level) => this._showLevel(level));
    this._kept = readKept();
    this._room = null;
    this._key = '';
    this._consented = null;
    this._rung = 0;
    this._retry = null;
    this._listen();
  }

  /** Goes to where the guest was, or to the beginning. */
  start() {
    if (this._kept?.roomKept) this._showKept(true);
    if (this._kept?.step === 'end') this._showEnd(this._kept.over);
    else if (this._kept?.step === 'door') this._askAtDoor();
    else if (this._kept) this._comeBack();
    else if (keyOfLink(location.hash)) this._takeKey(keyOfLink(location.hash));
    else this._show('key');
  }

  _listen() {
    byId('key-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this._keyTyped();
    });
    byId('name-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this._comeIn(byId('name').value.trim());
    });
    for (const button of document.querySelectorAll('[data-turn]')) {
      button.addEventListener('click', () => this._turn(button.dataset.turn));
    }
    byId('consent-yes').addEventListener('click', () => this._consent(true));
    byId('consent-no').addEventListener('click', () => this._consent(false));
    byId('wait-leave').addEventListener('click', () => this._leave());
    byId('leave').addEventListener('click', () => byId('leave-dialog').showModal());
    byId('leave-dialog').addEventListener('close', () => {
      if (byId('leave-dialog').returnValue === 'leave') this._leave();
      byId('leave-dialog').returnValue = '';
    });
    byId('hear').addEventListener('click', () => this._room?.hear());
    for (const link of document.querySelectorAll('[data-lang]')) {
      link.addEventListener('click', () => {
        // The key of a link stays in the browser, in the next language too.
        link.href = `?lang=${link.dataset.lang}${location.hash}`;
      });
    }
    window.addEventListener('hashchange', () => this._linkFollowed());
    this._devices.addEventListener('change', () => this._devicesChanged());
    const on = (name, act) => this._connection.addEventListener(name, (event) => act(event.detail));
    on('state', (state) => this._lineChanged(state));
    on('message:waiting', (message) => this._waiting(message));
    on('message:welcome', (message) => this._welcome(message));
    on('message:room', ({ room }) => this._showKept(room.kept));
    on('message:over', (message) => this._over(message));
  }

  // The key ------------------------------------------------------------------------------

  _keyTyped() {
    const digits = digitsOf(byId('key').value);
    if (isKey(digits)) {
      this._takeKey(digits);
    } else {
      this._keyProblem(
        /^[0-9]+$/.test(digits)
          ? texts.sayMany(
              'The key has 8 digits. You typed %(count)s.',
              'The key has 8 digits. You typed %(count)s.',
              digits.length,
            )
          : texts.say('Please type the 8 digits of the key.'),
      );
    }
  }

  async _takeKey(digits) {
    if (this._busy) return;
    this._setBusy(true);
    byId('key').value = grouped(digits);
    this._keyProblem('');
    try {
      await this._join(digits);
      this._askAtDoor();
    } catch (error) {
      this._show('key');
      this._refused(error, digits);
    } finally {
      this._setBusy(false);
    }
  }

  async _join(digits) {
    clearTimeout(this._retry);
    const body = JSON.stringify({ key: digits, name: '', language: texts.language });
    const headers = { 'Content-Type': 'application/json' };
    const joined = await ask('/api/v1/join', { method: 'POST', headers, body });
    this._key = digits;
    this._consented = null;
    this._keep({ ...joined, step: 'door' });
  }

  _refused(error, digits) {
    const seconds = Math.ceil(error.retryS ?? 0);
    if (error.problem === 'room_not_yet') {
      const time = texts.timeIn(seconds);
      this._keyProblem(texts.say('The room opens at %(time)s. Stay on this page: you come in by yourself.', { time }));
      const wait = Math.min(LONGEST_WAIT_S, Math.max(1, seconds));
      this._retry = setTimeout(() => this._takeKey(digits), wait * 1000);
      return;
    }
    // It stands below the field, to be touched; nobody needs it twice.
    const phone = this._settings.phone ? '' : error.phone;
    const call = phone ? texts.say('We help you on the telephone: %(phone)s', { phone }) : '';
    this._keyProblem([this._whyRefused(error.problem, seconds), call].filter(Boolean).join(' '));
    byId('key').select();
  }

  _whyRefused(problem, seconds) {
    switch (problem) {
      case 'wrong_key':
        return texts.say('There is no room with this key. Please look at the digits once more.');
      case 'slowed':
      case 'locked_out':
        return texts.sayMany(
          'That was not right several times. Please wait %(count)s second and try again.',
          'That was not right several times. Please wait %(count)s seconds and try again.',
          Math.max(1, seconds),
        );
      case 'room_over':
        return texts.say('This talk is over.');
      case 'room_full':
        return texts.say('All places in this room are taken.');
      case 'room_locked':
        return texts.say('Nobody else can come into this room at the moment.');
      case 'too_many':
        return texts.say('Very many people are coming in. Please try again in a moment.');
      case 'no_line':
        return texts.say('The service cannot be reached just now. Please look at your internet connection, and try again in a moment.');
      default:
        return texts.say('That did not work. Please try again.');
    }
  }

  _keyProblem(text) {
    byId('key-problem').textContent = text;
    byId('key').setAttribute('aria-invalid', String(text !== ''));
    if (text !== '') byId('key').focus();
  }

  _setBusy(busy) {
    this._busy = busy;
    byId('key-go').setAttribute('aria-disabled', String(busy));
  }

  _linkFollowed() {
    const digits = keyOfLink(location.hash);
    const screen = document.body.dataset.screen;
    if (digits && (screen === 'key' || screen === 'end')) this._takeKey(digits);
  }

  // The door -----------------------------------------------------------------------------

  _askAtDoor() {
    this._doorStep('name-form', texts.say('How would you like to come in?'));
    this._show('door');
    this._devices.start();
    // While somebody types a name there is time to load what the room needs.
    preload().catch(() => {});
  }

  _comeIn(name) {
    this._keep({ ...this._kept, step: 'wait', name });
    this._doorStep('wait', texts.say('Please wait a moment'));
    byId('wait-words').textContent = texts.say('Knocking at the door …');
    byId('door-title').focus();
    this._connection.connect(this._kept.token, name);
  }

  _comeBack() {
    this._consented = this._kept.consented ?? null;
    this._doorStep('wait', texts.say('Please wait a moment'));
    byId('wait-words').textContent = texts.say('Going back to your place …');
    this._show('door');
    preload().catch(() => {});
    const { audio = true, video = true } = this._kept.devices ?? {};
    this._devices.start({ audio, video });
    this._connection.connect(this._kept.token, this._kept.name ?? null);
  }

  _waiting({ room, staff_here: staffHere }) {
    if (this._room !== null) this._closeRoom();
    this._showKept(room.kept);
    if (room.consent === 'ask' && this._consented !== true) {
      this._askConsent();
      return;
    }
    this._doorStep('wait', texts.say('Please wait a moment'));
    setText(
      byId('wait-words'),
      staffHere
        ? texts.say('Staff have been told that you are here. They open the door for you.')
        : texts.say('Your place is kept. Staff are told as soon as they are there.'),
    );
    if (document.body.dataset.screen !== 'door') this._show('door');
  }

  _askConsent() {
    const isNew = byId('consent').hidden;
    this._doorStep('consent', texts.say('One question'));
    if (document.body.dataset.screen !== 'door') this._show('door');
    else if (isNew) byId('consent-title').focus();
  }

  _consent(given) {
    this._consented = given;
    this._keep({ ...this._kept, consented: given });
    this._connection.send({ t: 'consent', given });
    const phone = this._settings.phone;
    setText(
      byId('consent-said'),
      given ? '' : [
        texts.say('All right, you stay outside. You can still say yes, or stop waiting.'),
        phone ? texts.say('We also talk with you on the telephone: %(phone)s', { phone }) : '',
      ].filter(Boolean).join(' '),
    );
    if (given) {
      this._doorStep('wait', texts.say('Please wait a moment'));
      byId('wait-words').textContent = texts.say('Staff have been told that you are here. They open the door for you.');
      byId('door-title').focus();
    } else {
      byId('wait').hidden = false;
      byId('wait-words').textContent = '';
    }
  }

  _doorStep(shown, title) {
    setText(byId('door-title'), title);
    for (const step of ['name-form', 'consent', 'wait']) byId(step).hidden = step !== shown;
    document.title = `${title} – ${texts.say('Consultation room')}`;
  }

  // Microphone and camera ----------------------------------------------------------------

  _turn(kind) {
    this._devices.turn(kind, !this._devices.isOn(kind));
  }

  _devicesChanged() {
    const { audio, video } = this._devices.states;
    for (const button of document.querySelectorAll('[data-turn]')) {
      const on = this._devices.isOn(button.dataset.turn);
      button.setAttribute('aria-pressed', String(on));
    }
    const mirror = byId('mirror');
    const [shown] = mirror.srcObject?.getTracks() ?? [];
    if (shown !== (this._devices.video ?? undefined)) {
      mirror.srcObject = this._devices.video ? new MediaStream([this._devices.video]) : null;
      if (this._devices.video) mirror.play().catch(() => {});
    }
    mirror.hidden = video !== 'on';
    setText(byId('mirror-note'), video === 'on' ? '' : texts.say('Nobody sees you: the camera is off.'));
    byId('mirror-note').hidden = video === 'on';
    byId('level-line').hidden = audio !== 'on';
    this._meter.listen(this._room === null && audio === 'on' ? this._devices.audio : null);
    setText(byId('device-problem'), this._deviceWords(audio, video));
    if (this._kept && this._kept.step !== 'end') {
      // A device that is missing now was still wanted.
      this._keep({ ...this._kept, devices: { audio: audio !== 'off', video: video !== 'off' } });
    }
    if (this._room !== null) this._tellDeviceTrouble(audio, video);
  }

  _deviceWords(audio, video) {
    if (audio === 'asking' || video === 'asking') {
      return texts.say('Your browser may ask for the camera and the microphone. Please choose “Allow”.');
    }
    if (audio === 'denied' || video === 'denied') {
      return texts.say('The browser does not let us use the camera or the microphone. You can come in without them, or allow them in the address bar and load the page again.');
    }
    if (audio === 'missing' && video === 'missing') {
      return texts.say('No microphone and no camera were found. You can come in without them: you see and hear the others.');
    }
    if (audio === 'missing') return texts.say('No microphone was found. The others cannot hear you.');
    if (video === 'missing') return texts.say('No camera was found. The others hear you, but do not see you.');
    if (audio === 'busy' || video === 'busy') {
      return texts.say('Another program is using the camera or the microphone. Please close it.');
    }
    return '';
  }

  _tellDeviceTrouble(audio, video) {
    const trouble = audio === 'asking' || video === 'asking' ? '' : this._deviceWords(audio, video);
    if (trouble && trouble !== this._trouble) this._tell(trouble);
    this._trouble = trouble;
  }

  _showLevel(level) {
    byId('level').style.transform = `scaleX(${level.toFixed(2)})`;
    if (level > 0.45 && !this._heard) {
      this._heard = true;
      byId('level-words').textContent = texts.say('You are heard well.');
    }
  }

  // The room -----------------------------------------------------------------------------

  _welcome(message) {
    if (this._room === null) this._enter();
    this._room.welcome(message);
    this._showKept(message.room.kept);
    document.title = message.room.title || texts.say('Consultation room');
  }

  _enter() {
    this._keep({ ...this._kept, step: 'room' });
    sessionStorage.removeItem(RELOADED);
    if (location.hash) history.replaceState(null, '', location.pathname + location.search);
    this._meter.listen(null);
    this._room = new Room({
      connection: this._connection,
      devices: this._devices,
      texts,
      seat: this._kept,
      tell: (text) => this._tell(text),
    });
    this._room.addEventListener('blocked', ({ detail }) => {
      byId('heard').hidden = !detail;
    });
    this._room.addEventListener('rung', ({ detail }) => this._rungChanged(detail));
    this._show('room');
    this._tell(texts.say('You are in the room.'));
    // A phone on the table; browsers allow it once somebody has touched the page.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(200);
  }

  /** Says in plain words, for as long as it is so, that staff keep what is shared. */
  _showKept(isKept) {
    const was = !byId('kept').hidden;
    byId('kept').hidden = !isKept;
    setText(
      byId('kept-words'),
      isKept ? texts.say('Staff keep the board, the memo and the files.') : '',
    );
    byId('consent-erased').hidden = isKept;
    byId('consent-kept').hidden = !isKept;
    if (was && !isKept && this._kept) {
      this._tell(texts.say('Staff no longer keep what is shared. It is erased at the end.'));
    }
    if (this._kept) this._keep({ ...this._kept, roomKept: isKept });
  }

  _closeRoom() {
    this._room?.close();
    this._room = null;
    this._rung = 0;
    byId('heard').hidden = true;
    if (byId('leave-dialog').open) byId('leave-dialog').close();
  }

  _rungChanged(rung) {
    const better = rung < this._rung;
    this._rung = rung;
    this._paintLine();
    if (better) {
      this._tell(
        rung === Rung.EVERYTHING
          ? texts.say('The line is good again. Everything is back.')
          : texts.say('The line is getting better.'),
      );
    }
  }

  _lineChanged({ state, code = null, again = false }) {
    this._paintLine();
    if (state === 'open' && again) this._tell(texts.say('The line is back.'));
    if (state === 'closed') this._closed(code);
  }

  _paintLine() {
    const words = this._connection.state === 'lost'
      ? texts.say('The line is cut. It comes back by itself; your place is kept.')
      : this._rungWords();
    setText(byId('line'), words);
    byId('line').hidden = words === '';
    byId('line').classList.toggle('serious', this._connection.state === 'lost');
  }

  _rungWords() {
    switch (this._rung) {
      case Rung.EVERYTHING:
        return '';
      case Rung.SMALL_FACES:
        return texts.say('The line is weak. Pictures are smaller, so that voices stay clear.');
      case Rung.NO_FACES:
        return texts.say('The line is weak. Pictures are paused, so that voices stay clear.');
      case Rung.LOW_DOCUMENTS:
        return texts.say('The line is very weak. Pictures are paused and pages are coarser, so that voices stay clear.');
      default:
        return texts.say('The line is very weak. Only voices and writing go through; the rest comes later.');
    }
  }

  // The end ------------------------------------------------------------------------------

  _leave() {
    if (!this._connection.send({ t: 'bye' })) {
      // Without a line nobody can be told; the seat is given up by itself.
      this._over({ reason: 'left', files: [], files_for_s: 0 });
      this._connection.close();
    }
  }

  _over({ reason, files, files_for_s: filesForS }) {
    const over = { reason, files, until: Date.now() + filesForS * 1000 };
    this._keep({ ...this._kept, step: 'end', over });
    this._showEnd(over);
  }

  _closed(code) {
    if (this._kept?.step === 'end') return;
    switch (code) {
      case Close.BAD_TOKEN:
        this._seatLost();
        break;
      case Close.TAKEN_ELSEWHERE:
        this._showEnd({ reason: 'elsewhere', files: [], until: 0 });
        break;
      case Close.PUT_OUT:
        this._over({ reason: 'put_out', files: [], files_for_s: 0 });
        break;
      case Close.OVER:
        this._over({ reason: 'ended', files: [], files_for_s: 0 });
        break;
      case Close.OLD_CLIENT:
        this._loadAgain();
        break;
      default:
    }
  }

  /** Who took long at the door lost the seat there; with the key there is another one. */
  async _seatLost() {
    const { step, name } = this._kept ?? {};
    this._keep(null);
    this._closeRoom();
    if (step === 'wait' && this._key && !this._triedAgain) {
      this._triedAgain = true;
      try {
        await this._join(this._key);
        this._comeIn(name ?? '');
        return;
      } catch (error) {
        this._devices.stop();
        this._show('key');
        this._refused(error, this._key);
        return;
      }
    }
    this._devices.stop();
    this._show('key');
    this._keyProblem(texts.say('Your place was given up because the line was cut for long. Please type the key again.'));
  }

  _loadAgain() {
    // Once; a second time something else is wrong.
    if (sessionStorage.getItem(RELOADED) === null) {
      sessionStorage.setItem(RELOADED, '1');
      location.reload();
    } else {
      this._showEnd({ reason: 'old', files: [], until: 0 });
    }
  }

  _showEnd(over) {
    this._closeRoom();
    this._meter.listen(null);
    this._devices.stop();
    this._connection.close();
    this._paintLine();
    const { title, words, again } = this._endWords(over.reason);
    byId('end-title').textContent = title;
    byId('end-words').textContent = words;
    this._offerFiles(over);
    this._offerAgain(again);
    this._show('end');
    document.title = title;
  }

  _endWords(reason) {
    switch (reason) {
      case 'refused':
        return { title: texts.say('You cannot come in just now'), words: texts.say('Staff cannot take your visit at the moment. Please telephone us.'), again: 'key' };
      case 'put_out':
        return { title: texts.say('Your visit has ended'), words: texts.say('Staff have ended your visit.'), again: 'key' };
      case 'time':
        return { title: texts.say('Thank you'), words: texts.say('The time of this room is over.'), again: null };
      case 'left':
        return { title: texts.say('Thank you'), words: texts.say('You have left the room. You can close this page.'), again: this._key ? 'same' : 'key' };
      case 'elsewhere':
        return { title: texts.say('The room is open in another window'), words: texts.say('You can go on there, or here.'), again: 'here' };
      case 'old':
        return { title: texts.say('Please load the page again'), words: texts.say('This page is older than the service.'), again: 'reload' };
      default:
        return { title: texts.say('Thank you'), words: texts.say('The talk is over. You can close this page.'), again: null };
    }
  }

  _offerFiles({ files, until }) {
    const offered = files.length > 0 && until > Date.now();
    byId('end-files').hidden = !offered;
    if (!offered) return;
    const time = texts.timeIn((until - Date.now()) / 1000);
    byId('end-until').textContent = texts.say('You can save them here until %(time)s.', { time });
    const seat = this._kept;
    new Files(byId('end-list'), { texts, seat, tell: (text) => this._tell(text) }).show(files);
  }

  _offerAgain(again) {
    const button = byId('end-again');
    button.hidden = again === null;
    if (again === null) return;
    const said = {
      key: texts.say('Type a key'),
      same: texts.say('Come in again'),
      here: texts.say('Go on here'),
      reload: texts.say('Load again'),
    };
    const label = document.createElement('span');
    label.textContent = said[again];
    button.replaceChildren(byId('icon-go').content.cloneNode(true), label);
    button.onclick = () => this._goAgain(again);
  }

  _goAgain(again) {
    if (again === 'reload') {
      sessionStorage.removeItem(RELOADED);
      location.reload();
    } else if (again === 'here') {
      this._comeBack();
    } else {
      this._keep(null);
      if (again === 'same') this._takeKey(this._key);
      else this._show('key');
    }
  }

  // What all of them use -------------------------------------------------------------------

  _show(name) {
    const before = document.body.dataset.screen;
    for (const screen of document.querySelectorAll('.screen')) screen.hidden = screen.dataset.of !== name;
    document.body.dataset.screen = name;
    if (name === before) return;
    byId('told').textContent = '';
    if (name === 'key') {
      this._showKept(false);
      document.title = texts.say('Consultation room');
      byId('key').focus();
    } else {
      // A screen reader reads on from here; a keyboard begins here.
      document.querySelector(`[data-of="${name}"] h1`).focus();
    }
    window.scrollTo(0, 0);
  }

  _tell(text) {
    clearTimeout(this._toldTimer);
    byId('told').textContent = text;
    this._toldTimer = setTimeout(() => {
      byId('told').textContent = '';
    }, TOLD_MS);
  }

  _keep(seat) {
    this._kept = seat;
    if (seat === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(seat));
  }
}

function readKept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

/** Changes a text only when it is another one: a screen reader reads every change aloud. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function byId(id) {
  return document.getElementById(id);
}

new Guest().start();
