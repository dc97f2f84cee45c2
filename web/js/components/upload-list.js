/** Files on their way to the server, and those it refused. */

import { show } from "../lib/dom.js";
import { UploadCard } from "./upload-card.js";

/** @typedef {import("../types.js").Upload} Upload */

export class UploadList extends HTMLElement {
  /** @type {Map<string, UploadCard>} */
  #cards = new Map();
  /** @type {import("../store.js").Store|undefined} */
  #store;
  /** @type {import("../actions.js").Actions|undefined} */
  #actions;

  /** @param {import("../store.js").Store} store @param {import("../actions.js").Actions} actions */
  connect(store, actions) {
    this.#store = store;
    this.#actions = actions;
    this.setAttribute("role", "group");
    this.setAttribute("data-t-label", "upload.list");
    store.subscribe((state, before) => state.uploads !== before.uploads && this.localized());
    this.localized();
  }

  localized() {
    const uploads = this.#store?.state.uploads ?? [];
    show(this, uploads.length > 0);
    const known = new Set(uploads.map((upload) => upload.id));
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    for (const upload of uploads) this.#cardOf(upload).update(upload);
  }

  /** @param {Upload} upload */
  #cardOf(upload) {
    let card = this.#cards.get(upload.id);
    if (!card && this.#actions) {
      card = new UploadCard(upload.id, this.#actions);
      this.#cards.set(upload.id, card);
      this.append(card);
      card.scrollIntoView({ block: "nearest" });
    }
    return /** @type {UploadCard} */ (card);
  }
}
