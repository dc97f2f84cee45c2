/** Files on their way to the server, and those it refused. */

import { show } from "../lib/dom.js";
import { UploadCard } from "./upload-card.js";

export class UploadList extends HTMLElement {
  /** @type {Map<string, UploadCard>} */
  #cards = new Map();
  /** @type {Store|undefined} */
  #store;
  /** @type {Actions|undefined} */
  #actions;

  /** @param {Store} store @param {Actions} actions */
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
    const models = this.#store?.state.models ?? [];
    for (const upload of uploads) {
      this.#cardOf(upload).update(upload, models.find((model) => model.name === upload.model)?.real_time_factor);
    }
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
