/** Looks for jobs: words of their names and texts, and their state. */

import { fill, h } from "../lib/dom.js";

const PAUSE_MS = 200;
const STATES = /** @type {const} */ (["queued", "processing", "completed", "failed", "cancelled"]);

export class HistoryFilter extends HTMLElement {
  #query = h("input", { type: "search", name: "q", label: "filter.search", "data-t-placeholder": "filter.search", maxlength: 200 });

  /** @param {Actions} actions */
  connect(actions) {
    const states = h(
      "select",
      { name: "state", label: "filter.state" },
      h("option", { value: "", t: "filter.all" }),
      ...STATES.map((state) => h("option", { value: state, t: `status.${state}` })),
    );
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    this.#query.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => void actions.filter({ q: this.#query.value.trim() }), PAUSE_MS);
    });
    states.addEventListener("change", () => void actions.filter({ status: states.value }));
    fill(this, this.#query, h("span", { class: "select" }, states));
  }

  search() {
    this.#query.focus();
    this.#query.select();
  }
}
