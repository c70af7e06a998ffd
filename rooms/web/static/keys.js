/** Keys as people type them. */

const DIGITS = 8;

/** Returns the digits of what was typed: full-width ones count, spaces and hyphens do not. */
export function digitsOf(typed) {
  return typed.normalize('NFKC').replace(/[\s\p{Dash_Punctuation}\u2212\u30fc\u00ad\uff70]/gu, '');
}

/** Whether it can be a key at all; otherwise there is no need to ask the service. */
export function isKey(digits) {
  return new RegExp(`^[0-9]{${DIGITS}}$`).test(digits);
}

/** Returns the key that a link carries in its fragment, or "". */
export function keyOfLink(hash) {
  let typed = '';
  try {
    typed = decodeURIComponent(hash.replace(/^#/, ''));
  } catch {
    return '';
  }
  const digits = digitsOf(typed);
  return isKey(digits) ? digits : '';
}

/** Returns a key as it is read aloud: four digits and four. */
export function grouped(digits) {
  return isKey(digits) ? `${digits.slice(0, 4)} ${digits.slice(4)}` : digits;
}
