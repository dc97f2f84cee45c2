/** All jobs as cards, newest first; only the cards whose job changed are touched. */

import { fill, h, show } from "../lib/dom.js";
import { JobCard } from "./job-card.js";

/** @typedef {import("../types.js").State} State */

export class JobList extends HTMLElement {
  /** @type {Map<string, JobCard>} */
  #cards = new Map();
  #list = h("div", { class: "cards", role: "list" });
  #empty = h("div", { class: "empty" }, h("p", { class: "empty-title", t: "jobs.empty" }), h("p", { class: "hint", t: "jobs.empty_hint" }));
  #older = h("button", { type: "button", class: "button", t: "jobs.older" });
  /** The finished job that is open unless a person closes it. */
  #newest = "";
  /** What a person opened or closed. @type {Map<string, boolean>} */
  #toggled = new Map();
  /** @type {import("../store.js").Store|undefined} */
  #store;
  /** @type {import("../actions.js").Actions|undefined} */
  #actions;

  /** @param {import("../store.js").Store} store @param {import("../actions.js").Actions} actions */
  connect(store, actions) {
    this.#store = store;
    this.#actions = actions;
    this.#older.addEventListener("click", () => actions.loadOlder());
    fill(this, this.#empty, this.#list, this.#older);
    store.subscribe((state, before) => this.#update(state, before));
    this.#update(store.state, null);
  }

  localized() {
    if (this.#store) this.#update(this.#store.state, null);
  }

  /** @param {State} state @param {State|null} before null: everything anew */
  #update(state, before) {
    show(this.#empty, state.connection === "online" && !state.order.length && !state.uploads.length);
    show(this.#older, state.more);
    if (before && state.entries === before.entries && state.order === before.order) return;
    const newest = state.order.find((id) => state.entries[id]?.job.status === "completed") ?? "";
    const moved = newest !== this.#newest;
    this.#newest = newest;
    if (!before || state.order !== before.order) this.#arrange(state.order);
    for (const id of state.order) {
      if (moved || !before || state.entries[id] !== before.entries[id]) this.#updateCard(id, state);
    }
  }

  /** @param {string} id @param {State} state */
  #updateCard(id, state) {
    const entry = state.entries[id];
    if (!entry) return;
    const { job, result, loading, problem, watched } = entry;
    const hasText = job.status === "completed" || entry.segments.length > 0;
    const open = hasText && (this.#toggled.get(id) ?? (job.status === "processing" || watched || id === this.#newest));
    this.#cards.get(id)?.update(entry, open, hasText);
    if (open && job.status === "completed" && !result && !loading && !problem) {
      queueMicrotask(() => this.#actions?.loadJob(id)); // not from within the dispatch that led here
    }
  }

  /** @param {readonly string[]} order */
  #arrange(order) {
    const known = new Set(order);
    for (const [id, card] of this.#cards) {
      if (known.has(id)) continue;
      const held = card.contains(document.activeElement);
      card.remove();
      if (held) this.closest("section")?.focus();
      this.#cards.delete(id);
    }
    let place = this.#list.firstElementChild;
    for (const id of order) {
      const card = this.#cards.get(id) ?? this.#create(id);
      if (card === place) place = place.nextElementSibling;
      else this.#list.insertBefore(card, place);
    }
  }

  /** @param {string} id */
  #create(id) {
    const actions = /** @type {import("../actions.js").Actions} */ (this.#actions);
    const card = new JobCard(id, actions, (open) => {
      this.#toggled.set(id, open);
      if (this.#store) this.#updateCard(id, this.#store.state);
    });
    this.#cards.set(id, card);
    return card;
  }
}
