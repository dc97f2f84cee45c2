/** What the keyboard does: the table that keys.js obeys, to read. */

import { fill, h } from "../lib/dom.js";
import { KEYS } from "../keys.js";

export class HelpDialog extends HTMLElement {
  #dialog = h("dialog", { "aria-labelledby": "help-title", closedby: "any" });

  connect() {
    const rows = KEYS.map(({ shown, does }) => h("div", {}, h("dt", {}, ...shown.split(" ").map((key) => h("kbd", {}, key))), h("dd", { t: does })));
    const close = h("button", { type: "button", class: "button small", t: "help.close", onclick: () => this.#dialog.close() });
    this.#dialog.append(h("h2", { id: "help-title", t: "help.title" }), h("dl", {}, ...rows), close);
    fill(this, this.#dialog);
  }

  toggle() {
    if (this.#dialog.open) this.#dialog.close();
    else this.#dialog.showModal();
  }
}
