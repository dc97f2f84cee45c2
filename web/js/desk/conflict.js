/** Two versions of the same lines: both are shown, one is chosen. */

import { h, fill } from "../lib/dom.js";
import { spliceOf } from "../lib/edits.js";

export class Conflict {
  element = h("section", { class: "conflict", role: "alert", hidden: true });

  /** @param {Lines} theirs @param {Lines} mine @param {(side: "mine"|"theirs") => void} choose */
  show(theirs, mine, choose) {
    const { at, remove, put } = spliceOf(theirs, mine);
    fill(
      this.element,
      h("h3", { t: "conflict.title" }),
      h("p", { class: "hint", t: "conflict.hint" }),
      h(
        "div",
        { class: "sides" },
        side("conflict.theirs", theirs.slice(at, at + remove), "conflict.take", () => choose("theirs")),
        side("conflict.mine", put, "conflict.keep", () => choose("mine")),
      ),
    );
    this.element.hidden = false;
  }

  hide() {
    this.element.hidden = true;
  }
}

/** @param {Key} title @param {Lines} lines @param {Key} action @param {() => void} choose */
function side(title, lines, action, choose) {
  return h(
    "div",
    {},
    h("h4", { t: title }),
    h("blockquote", { dir: "auto" }, lines.map((line) => line.text.trim()).join(" ") || "—"),
    h("button", { type: "button", class: "button small", t: action, onclick: choose }),
  );
}
