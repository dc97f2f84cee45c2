/** All jobs as cards, newest first; only the cards whose job changed are touched. */

import { fill, h, show } from "../lib/dom.js";
import { JobCard } from "./job-card.js";

export class JobList extends HTMLElement {
  /** @type {Map<string, JobCard>} */
  #cards = new Map();
  #list = h("div", { class: "cards", role: "list" });
  #empty = h("div", { class: "empty" }, h("p", { class: "empty-title", t: "jobs.empty" }), h("p", { class: "hint", t: "jobs.empty_hint" }));
  #none = h("p", { class: "empty hint", t: "filter.none" });
  #older = h("button", { type: "button", class: "button", t: "jobs.older" });
  /** The finished job that is open unless a person closes it. */
  #newest = "";
  /** What a person opened or closed. @type {Map<string, boolean>} */
  #toggled = new Map();
  /** @type {Store|undefined} */
  #store;
  /** @type {Actions|undefined} */
  #actions;
  /** @type {() => SubmitOptions} */
  #options = () => ({ model: "", language: "auto", task: "transcribe", return_timestamps: true, word_timestamps: false });

  /**
   * @param {Store} store @param {Actions} actions
   * @param {() => SubmitOptions} options chosen now
   */
  connect(store, actions, options) {
    this.#store = store;
    this.#actions = actions;
    this.#options = options;
    this.#older.addEventListener("click", () => actions.loadOlder());
    // The next page comes before its place is reached; the button is for those who don't scroll.
    const near = new IntersectionObserver(([seen]) => seen?.isIntersecting && actions.loadOlder(), { rootMargin: "600px" });
    near.observe(this.#older);
    fill(this, this.#empty, this.#none, this.#list, this.#older);
    store.subscribe((state, before) => this.#update(state, before));
    this.#update(store.state, null);
  }

  localized() {
    if (this.#store) this.#update(this.#store.state, null);
  }

  /** @param {State} state @param {State|null} before null: everything anew */
  #update(state, before) {
    const { found } = state;
    show(this.#empty, state.connection === "online" && !found && !state.order.length && !state.uploads.length);
    show(this.#none, found !== null && !found.order.length);
    show(this.#older, found ? found.cursor !== null : state.more);
    const same = before && found === before.found && state.leaving === before.leaving;
    if (same && state.entries === before.entries && state.order === before.order) return;
    const newest = state.order.find((id) => state.entries[id]?.job.status === "completed") ?? "";
    const moved = newest !== this.#newest;
    this.#newest = newest;
    const order = (found?.order ?? state.order).filter((id) => state.entries[id] && !state.leaving.includes(id));
    if (!same || state.order !== before.order) this.#arrange(order);
    for (const id of order) {
      if (!same || moved || state.entries[id] !== before.entries[id]) this.#updateCard(id, state);
      if (!same) this.#cards.get(id)?.found(found?.excerpts[id], state.filter.q);
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
    const actions = /** @type {Actions} */ (this.#actions);
    const card = new JobCard(id, actions, this.#options, (open) => {
      this.#toggled.set(id, open);
      if (this.#store) this.#updateCard(id, this.#store.state);
    });
    this.#cards.set(id, card);
    return card;
  }
}
