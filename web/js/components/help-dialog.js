/** What the keyboard does: the table that keys.js obeys, to read. */

import { button, fill, h } from "../lib/dom.js";
import { KEYS } from "../keys.js";

/** @type {Part} */
export function helpDialog(element, { deeds }) {
  const rows = KEYS.map(({ shown, does }) => h("div", {}, h("dt", {}, ...shown.split(" ").map((key) => h("kbd", {}, key))), h("dd", { t: does })));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "help-title", closedby: "any" },
    h("h2", { id: "help-title", t: "help.title" }),
    h("dl", {}, ...rows),
    button("small", "help.close", () => dialog.close()),
  );
  deeds.help = () => (dialog.open ? dialog.close() : dialog.showModal());
  fill(element, dialog);
}
