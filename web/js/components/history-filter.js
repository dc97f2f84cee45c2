/** Looks for jobs: words of their names and texts, and their state. */

import { fill, h } from "../lib/dom.js";

const PAUSE_MS = 200;
const STATES = /** @type {const} */ (["queued", "processing", "completed", "failed", "cancelled"]);

/** @type {Part} */
export function historyFilter(element, { actions, deeds }) {
  const query = h("input", { type: "search", name: "q", label: "filter.search", "data-t-placeholder": "filter.search", maxlength: 200 });
  const states = h(
    "select",
    { name: "state", label: "filter.state" },
    h("option", { value: "", t: "filter.all" }),
    ...STATES.map((state) => h("option", { value: state, t: `status.${state}` })),
  );
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  query.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => actions.filter({ q: query.value.trim() }), PAUSE_MS);
  });
  states.addEventListener("change", () => actions.filter({ status: states.value }));
  deeds["home search"] = () => query.select();
  fill(element, query, h("span", { class: "select" }, states));
}
