/** Where in the page a person is: at home, or at one transcript's desk. The address says it, so reload and back work. */

import { show } from "./lib/dom.js";

const DESK = /^#\/job\/([0-9a-f-]{36})(?:\?(.*))?$/;

export class Places {
  #store;
  #actions;
  #desk;
  #home = /** @type {HTMLElement} */ (document.querySelector("main.desk"));
  #id = "";
  #scroll = 0;

  /** @param {Store} store @param {Actions} actions @param {ReadingDesk} desk */
  constructor(store, actions, desk) {
    this.#store = store;
    this.#actions = actions;
    this.#desk = desk;
    addEventListener("hashchange", () => void this.#go());
    // Jobs are known once the server has told them; one that is gone leads home.
    store.subscribe((state, before) => {
      if (state.connection === "online" && before.connection !== "online") void this.#go();
      else if (this.#id && (state.leaving.includes(this.#id) || (before.entries[this.#id] && !state.entries[this.#id]))) this.home();
    });
  }

  get atDesk() {
    return this.#id !== "";
  }

  home() {
    if (location.hash) location.hash = "#/";
  }

  async #go() {
    const [, id = "", query] = DESK.exec(location.hash) ?? [];
    const asked = new URLSearchParams(query);
    if (id && !this.#store.state.entries[id]) await this.#actions.fetchJob(id);
    const there = id && this.#store.state.entries[id]?.job.status === "completed" ? id : "";
    const before = this.#id;
    if (there && !before) this.#scroll = scrollY;
    this.#id = there;
    show(this.#home, !there);
    show(this.#desk, there !== "");
    if (there) {
      const from = asked.get("t");
      this.#desk.open(there, from === null ? undefined : Number(from), asked.get("q") ?? "");
    } else if (before) {
      this.#desk.close();
      scrollTo(0, this.#scroll);
      /** @type {HTMLElement|null} */ (this.#home.querySelector(`[data-job="${before}"] .toggle`))?.focus({ preventScroll: true });
    }
  }
}
