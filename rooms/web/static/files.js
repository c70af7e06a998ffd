/**
 * Files handed over in a room: the list, taking them home, handing some in.
 */

/** A paper is legible at this size, and a phone's picture of it is a tenth. */
const PHOTO_PX = 2560;
const PHOTO_QUALITY = 0.85;

/** Why something was refused, for whoever shows it. */
export class RefusedError extends Error {
  constructor({ problem = 'broken', retry_s: retryS = null, phone = '' }) {
    super(problem);
    this.problem = problem;
    this.retryS = retryS;
    this.phone = phone;
  }
}

/** Returns the answer of the service as JSON, or throws `RefusedError`. */
export async function ask(path, { token = null, ...options } = {}) {
  const answer = await askRaw(path, { token, ...options });
  return answer.json();
}

/** Returns the answer of the service, or throws `RefusedError`. */
export async function askRaw(path, { token = null, headers = {}, ...options } = {}) {
  const sent = token === null ? headers : { ...headers, Authorization: `Bearer ${token}` };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: sent, credentials: 'omit' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RefusedError({ problem: 'no_line' });
  }
  if (!answer.ok) throw new RefusedError(await answer.json().catch(() => ({})));
  return answer;
}

export class Files {
  /**
   * @param {HTMLElement} root Takes the list and, where allowed, what hands files in.
   * @param {object} given
   * @param {import('./texts.js').Texts} given.texts
   * @param {{room: string, token: string}} given.seat
   * @param {function(string): void} given.tell Says something to people, once.
   * @param {?function(string, string): Promise<boolean>} given.ask Asks before a file is removed;
   *   without it none can be.
   */
  constructor(root, { texts, seat, tell, ask = null }) {
    this._root = root;
    this._texts = texts;
    this._seat = seat;
    this._tell = tell;
    this._ask = ask;
    this._list = document.createElement('ul');
    this._list.className = 'files';
    this._none = document.createElement('p');
    this._none.className = 'soft';
    this._none.textContent = texts.say('No files yet.');
    this._sending = document.createElement('ul');
    this._sending.className = 'files sending';
    this._handIn = this._makeHandIn();
    root.replaceChildren(this._list, this._none, this._sending, this._handIn);
    this.show([]);
    this.setAllowed(false);
  }

  /** Shows all files of the room. */
  show(files) {
    const known = new Map([...this._list.children].map((row) => [row.dataset.file, row]));
    const rows = files.map((file) => known.get(file.id) ?? this._row(file));
    this._none.hidden = files.length > 0;
    if (rows.length === known.size && rows.every((row) => row.isConnected)) return;
    // Rows that stay keep the focus that is on their button; that of one that goes is handed on.
    const focused = this._list.contains(document.activeElement) ? document.activeElement : null;
    const at = [...this._list.children].findIndex((row) => row.contains(focused));
    this._list.replaceChildren(...rows);
    if (focused?.isConnected) focused.focus();
    else if (focused) (rows[Math.min(at, rows.length - 1)] ?? this._root).querySelector('button, input')?.focus();
  }

  /** Says whether files can be handed in. */
  setAllowed(allowed) {
    this._handIn.hidden = !allowed;
  }

  _row(file) {
    const row = document.createElement('li');
    row.dataset.file = file.id;
    const words = document.createElement('div');
    words.className = 'file-words';
    const name = document.createElement('span');
    name.className = 'file-name';
    name.textContent = file.name;
    const about = document.createElement('span');
    about.className = 'soft';
    const size = this._texts.size(file.size);
    about.textContent = file.name_of_sender ? `${file.name_of_sender} · ${size}` : size;
    words.append(name, about);
    const save = button('icon-download', this._texts.say('Save'));
    const label = this._texts.say('Save %(name)s', { name: file.name });
    save.setAttribute('aria-label', label);
    save.addEventListener('click', () => this._save(file, save));
    const acts = document.createElement('div');
    acts.className = 'acts';
    acts.append(save, ...(this._ask === null ? [] : [this._removal(file)]));
    row.append(words, acts);
    return row;
  }

  _removal(file) {
    const remove = button('icon-trash-2', this._texts.say('Remove'));
    remove.setAttribute('aria-label', this._texts.say('Remove %(name)s', { name: file.name }));
    remove.addEventListener('click', async () => {
      const question = this._texts.say('Remove %(name)s for everybody?', { name: file.name });
      if (await this._ask(question, this._texts.say('Remove'))) await this._remove(file);
    });
    return remove;
  }

  async _remove(file) {
    try {
      const path = `/api/v1/rooms/${this._seat.room}/files/${file.id}`;
      await askRaw(path, { token: this._seat.token, method: 'DELETE' });
      this._tell(this._texts.say('%(name)s was removed.', { name: file.name }));
    } catch (error) {
      this._tell(words(error, this._texts));
    }
  }

  async _save(file, save) {
    if (save.getAttribute('aria-disabled') === 'true') return;
    save.setAttribute('aria-disabled', 'true');
    try {
      const path = `/api/v1/rooms/${this._seat.room}/files/${file.id}`;
      const blob = await (await askRaw(path, { token: this._seat.token })).blob();
      offer(blob, file.name);
      this._tell(this._texts.say('%(name)s was saved.', { name: file.name }));
    } catch (error) {
      this._tell(words(error, this._texts));
    } finally {
      save.removeAttribute('aria-disabled');
    }
  }

  _makeHandIn() {
    const { _texts: texts } = this;
    const box = document.createElement('div');
    box.className = 'hand-in';
    const photo = picker('icon-camera', texts.say('Photograph a paper'), { accept: 'image/*', capture: 'environment' });
    photo.classList.add('touch-only');
    const file = picker('icon-paperclip', texts.say('Hand in a file'), {});
    photo.input.addEventListener('change', () => this._sendAll(photo.input, true));
    file.input.addEventListener('change', () => this._sendAll(file.input, false));
    box.append(photo, file);
    return box;
  }

  async _sendAll(input, isPhoto) {
    const chosen = [...input.files];
    // The same file can be chosen again.
    input.value = '';
    for (const file of chosen) await this._send(isPhoto ? await smaller(file, this._texts) : file);
  }

  async _send(file) {
    const row = document.createElement('li');
    const name = document.createElement('label');
    name.className = 'file-words';
    const label = document.createElement('span');
    label.className = 'file-name';
    label.textContent = file.name;
    const bar = document.createElement('progress');
    bar.max = 1;
    bar.value = 0;
    name.append(label, bar);
    const stop = button('icon-x', this._texts.say('Stop'));
    row.append(name, stop);
    this._sending.append(row);
    try {
      await upload(`/api/v1/rooms/${this._seat.room}/files`, file, this._seat.token, {
        progress: (share) => (bar.value = share),
        stop,
      });
      this._tell(this._texts.say('%(name)s was handed in.', { name: file.name }));
    } catch (error) {
      if (error.name !== 'AbortError') this._tell(words(error, this._texts));
    } finally {
      row.remove();
    }
  }
}

/** Returns what to tell somebody about an error of the service. */
export function words(error, texts) {
  switch (error.problem) {
    case 'too_large':
      return texts.say('This file is too large.');
    case 'wrong_type':
      return texts.say('This kind of file cannot be handed over. Pictures and PDF files can.');
    case 'too_many':
    case 'slowed':
      return texts.say('That was a lot at once. Please try again in a moment.');
    case 'not_allowed':
      return texts.say('Files cannot be handed in at the moment.');
    case 'no_room_on_disk':
      return texts.say('There is no space for files at the moment. Please tell the staff.');
    case 'not_found':
    case 'room_over':
    case 'not_signed_in':
      return texts.say('This file is no longer there.');
    case 'no_line':
      return texts.say('The line is cut. Please try again when it is back.');
    default:
      return texts.say('That did not work. Please try again.');
  }
}

/** Sends a file, telling how far it is: fetch cannot. */
function upload(path, file, token, { progress, stop }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('X-File-Name', encodeURIComponent(file.name));
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) resolve(parsed(request.responseText));
      else reject(new RefusedError(parsed(request.responseText)));
    };
    request.onerror = () => reject(new RefusedError({ problem: 'no_line' }));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    stop.addEventListener('click', () => request.abort());
    request.send(file);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Returns a photo as small as it stays legible; where and when it was taken stays behind. */
async function smaller(file, texts) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, PHOTO_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', PHOTO_QUALITY));
    const now = new Date().toLocaleTimeString(texts.locale, { hour: '2-digit', minute: '2-digit' });
    const name = texts.say('Paper %(time)s', { time: now.replace(':', '-') });
    return blob === null ? file : new File([blob], `${name}.jpg`, { type: 'image/jpeg' });
  } catch {
    // A picture that this browser cannot read may still be one.
    return file;
  }
}

function offer(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Safari fetches it after the click has ended.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Returns a button with a picture and a word. */
export function button(icon, word) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'button';
  fillButton(made, icon, word);
  return made;
}

function picker(icon, word, attributes) {
  const label = document.createElement('label');
  label.className = 'button picker';
  fillButton(label, icon, word);
  label.input = Object.assign(document.createElement('input'), { type: 'file', className: 'visually-hidden' });
  for (const [name, value] of Object.entries(attributes)) label.input.setAttribute(name, value);
  label.append(label.input);
  return label;
}

function fillButton(element, icon, word) {
  const picture = document.getElementById(icon)?.content.cloneNode(true);
  const said = document.createElement('span');
  said.textContent = word;
  element.replaceChildren(...(picture ? [picture] : []), said);
}
