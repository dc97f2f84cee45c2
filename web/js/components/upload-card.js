/** One file on its way: how much is sent, cancel; or why it was not accepted. */

import { language, t } from "../i18n.js";
import { fill, h, icon, setText, show } from "../lib/dom.js";
import { bytes, span } from "../lib/format.js";

export class UploadCard extends HTMLElement {
  #name = h("h3", { class: "name", dir: "auto" });
  #phase = h("p", { class: "meta figures" });
  #bar = h("progress", { max: 1 });
  #estimate = h("p", { class: "hint figures" });
  #error = h("p", { class: "problem" });
  #stop = h("button", { type: "button", class: "button small ghost" });
  #began_ms = 0;
  #retry = h("button", { type: "button", class: "button small" }, icon("retry"), h("span", { t: "job.retry" }));

  /** @param {string} id @param {Actions} actions */
  constructor(id, actions) {
    super();
    this.#stop.addEventListener("click", () => actions.cancelUpload(id));
    this.#retry.addEventListener("click", () => actions.retryUpload(id));
  }

  connectedCallback() {
    this.className = "card upload";
    const text = h("div", { class: "upload-text" }, this.#name, this.#phase);
    fill(this, h("div", { class: "upload-head" }, text, this.#retry, this.#stop), this.#bar, this.#estimate, this.#error);
  }

  /** @param {Upload} upload @param {number|undefined} factor seconds of work for a second of audio */
  update({ filename, phase, sent_bytes, total_bytes, error, duration }, factor) {
    const failed = phase === "failed";
    this.dataset.status = failed ? "failed" : "sending";
    setText(this.#name, filename);
    if (phase !== "sending" || !this.#began_ms) this.#began_ms = phase === "sending" ? performance.now() : 0;
    const figures = { sent: bytes(sent_bytes, language()), total: bytes(total_bytes, language()) };
    const left_s = ((performance.now() - this.#began_ms) / 1000) * (total_bytes / sent_bytes - 1);
    const slow = phase === "sending" && sent_bytes > 0 && left_s > 1;
    setText(this.#phase, phase === "sending" && !total_bytes ? t("upload.fetching") : t(`upload.${phase}`, figures) + (slow ? ` · ${t("job.left", { time: span(left_s, language()) })}` : ""));
    const known = duration !== null && factor !== undefined && !failed;
    show(this.#estimate, known);
    if (known) setText(this.#estimate, t("upload.estimate", { length: span(duration, language()), time: span(1 + duration * factor, language()) }));
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
