/**
 * Texts in the language of the page.
 *
 * The English text is the name of each; the page carries the others as JSON in
 * `<script type="application/json" id="texts">`. `say` and `sayMany` are what
 * tools/catalogues looks for, so their first arguments are always plain strings.
 */

export class Texts {
  /** @param {{language: string, texts: Object<string, string | string[]>}} catalogue */
  constructor(catalogue) {
    this.language = catalogue.language;
    this._texts = new Map(Object.entries(catalogue.texts));
  }

  /** Reads what the page carries. */
  static ofPage(page = document) {
    const carrier = page.getElementById('texts');
    return new Texts(carrier ? JSON.parse(carrier.textContent) : { language: 'en', texts: {} });
  }

  /** Returns a text; each `%(name)s` in it becomes the value of that name. */
  say(message, values = {}) {
    const found = this._texts.get(message);
    return fill(Array.isArray(found) ? found[0] : found ?? message, values);
  }

  /** Returns the form of a text that fits `count`, which fills `%(count)s`. */
  sayMany(one, many, count, values = {}) {
    const found = this._texts.get(one);
    const form = Array.isArray(found) ? found[0] : found ?? (count === 1 ? one : many);
    return fill(form, { count, ...values });
  }

  /** Returns a number of bytes as people say it. */
  size(bytes) {
    const mega = bytes / 1_000_000;
    const number = new Intl.NumberFormat(this.locale, { maximumFractionDigits: mega < 10 ? 1 : 0 });
    return mega >= 0.1 ? `${number.format(mega)} MB` : `${Math.max(1, Math.ceil(bytes / 1000))} KB`;
  }

  /** Returns the time of day in `seconds` from now. */
  timeIn(seconds) {
    const moment = new Date(Date.now() + seconds * 1000);
    return moment.toLocaleTimeString(this.locale, { hour: '2-digit', minute: '2-digit' });
  }

  get locale() {
    return this.language === 'en' ? 'en' : 'ja';
  }
}

function fill(text, values) {
  return text.replace(/%\((\w+)\)[sd]/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const texts = typeof document === 'undefined' ? null : Texts.ofPage();
