/** One short line at the bottom, with one thing to do about it; goes by itself. */

import { fill, h, show } from "../lib/dom.js";

const PATIENCE_MS = 7000;

export class ToastLine extends HTMLElement {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  connectedCallback() {
    this.className = "toast";
    this.setAttribute("role", "status");
    this.hide();
  }

  /** @param {string} text @param {Key} action @param {() => void} onAction @param {() => void} [onGone] it was let go by */
  show(text, action, onAction, onGone) {
    clearTimeout(this.#timer);
    const act = () => {
      this.hide();
      onAction();
    };
    fill(this, h("span", { dir: "auto" }, text), h("button", { type: "button", class: "button small", t: action, onclick: act }));
    show(this, true);
    this.#timer = setTimeout(() => {
      if (this.matches(":hover, :focus-within")) return this.show(text, action, onAction, onGone);
      this.hide();
      onGone?.();
    }, PATIENCE_MS);
  }

  hide() {
    clearTimeout(this.#timer);
    show(this, false);
  }
}
