/**
 * What a board needs where there is no room any more: a document that was stored, and a line on
 * which nobody speaks. Nothing that is done here is sent anywhere.
 */

import * as Y from '../vendor/yjs.js';

/** Stands in for `SharedDoc`. */
export class StoredDoc extends EventTarget {
  /** @param {Uint8Array} update All of the document, as one Yjs update. */
  constructor(update) {
    super();
    this.doc = new Y.Doc();
    this.isSynced = true;
    Y.applyUpdate(this.doc, update, this);
  }

  flush() {}

  replace() {}

  destroy() {
    this.doc.destroy();
  }
}

/** Stands in for `Connection`. */
export class SilentLine extends EventTarget {
  state = 'closed';

  send() {
    return false;
  }

  sendFleeting() {
    return false;
  }

  sendBinary() {
    return false;
  }
}
