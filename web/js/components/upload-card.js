/** One file on its way: how much is sent, cancel; or why it was not accepted. */

import { language, t } from "../i18n.js";
import { fill, h, icon, setText, show } from "../lib/dom.js";
import { bytes } from "../lib/format.js";

/** @typedef {import("../types.js").Upload} Upload */

export class UploadCard extends HTMLElement {
  #name = h("h3", { class: "name", dir: "auto" });
  #phase = h("p", { class: "meta figures" });
  #bar = h("progress", { max: 1 });
  #error = h("p", { class: "problem" });
  #stop = h("button", { type: "button", class: "button small ghost" });
  #retry = h("button", { type: "button", class: "button small" }, icon("retry"), h("span", { t: "job.retry" }));

  /** @param {string} id @param {import("../actions.js").Actions} actions */
  constructor(id, actions) {
    super();
    this.#stop.addEventListener("click", () => actions.cancelUpload(id));
    this.#retry.addEventListener("click", () => actions.retryUpload(id));
  }

  connectedCallback() {
    this.className = "card upload";
    const text = h("div", { class: "upload-text" }, this.#name, this.#phase);
    fill(this, h("div", { class: "upload-head" }, text, this.#retry, this.#stop), this.#bar, this.#error);
  }

  /** @param {Upload} upload */
  update({ filename, phase, sent_bytes, total_bytes, error }) {
    const failed = phase === "failed";
    this.dataset.status = failed ? "failed" : "sending";
    setText(this.#name, filename);
    const figures = { sent: bytes(sent_bytes, language()), total: bytes(total_bytes, language()) };
    setText(this.#phase, phase === "sending" && !total_bytes ? t("upload.fetching") : t(`upload.${phase}`, figures));
    show(this.#bar, !failed);
    if (phase === "sending" && total_bytes) this.#bar.value = sent_bytes / total_bytes;
    else if (phase === "waiting") this.#bar.value = 0;
    else this.#bar.removeAttribute("value");
    this.#bar.setAttribute("aria-label", t("job.progress", { name: filename }));
    show(this.#error, failed);
    setText(this.#error, error ?? "");
    show(this.#retry, failed);
    const action = t(failed ? "upload.dismiss" : "upload.cancel");
    setText(this.#stop, action);
    this.#stop.setAttribute("aria-label", t("job.of", { action, name: filename }));
  }
}
