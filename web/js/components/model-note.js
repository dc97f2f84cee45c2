/** What the chosen model is, and its download where it is not here. */

import { language, t } from "../i18n.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { bytes, span } from "../lib/format.js";
import { confirmed } from "../lib/confirmed.js";

const HOUR_S = 3600;

export class ModelNote extends HTMLElement {
  #text = h("p", { class: "hint" });
  #more = h("p", { class: "hint", t: "model.only_demo" });
  #speed = h("p", { class: "hint" });
  #error = h("p", { class: "problem", role: "alert" });
  #bar = h("progress", { max: 1 });
  #figures = h("p", { class: "hint figures" });
  #downloadLabel = h("span");
  #download = h("button", { type: "button", class: "button small" }, icon("download"), this.#downloadLabel);
  #remove = h("button", { type: "button", class: "button small ghost" });
  /** @type {Model|undefined} */
  #model;

  /** @param {Actions} actions */
  connect(actions) {
    this.className = "model-note";
    this.append(this.#text, this.#speed, this.#more, this.#error, this.#bar, this.#figures, this.#download, this.#remove);
    this.#download.addEventListener("click", () => this.#model && actions.downloadModel(this.#model));
    confirmed(this.#remove, () => this.#model && actions.removeModel(this.#model));
  }

  /** @param {Model|undefined} model @param {boolean} only no model but the bundled one is here */
  update(model, only) {
    this.#model = model;
    show(this, model !== undefined);
    if (!model) return;
    const { name, download } = model;
    const size = model.size_bytes === null ? "?" : bytes(model.size_bytes, language());
    setText(
      this.#text,
      model.bundled ? t("model.demo")
      : model.available ? t("model.ready", { name, size })
      : t("model.missing", { name, size }),
    );
    const hour = span(HOUR_S * model.real_time_factor, language());
    setText(this.#speed, t(model.speed_is_measured ? "model.speed" : "model.speed_guess", { time: hour }));
    show(this.#more, model.bundled && only);
    show(this.#error, Boolean(model.error));
    setText(this.#error, model.error?.message ?? "");
    show(this.#bar, Boolean(download));
    show(this.#figures, Boolean(download));
    if (download) this.#updateDownload(download.received_bytes, download.total_bytes ?? model.size_bytes ?? 0, name);
    setText(this.#downloadLabel, t("model.download", { name }));
    show(this.#download, !model.available && !download);
    show(this.#remove, model.available && !model.bundled);
    if (!this.#remove.dataset.asked) setText(this.#remove, t("model.remove", { name }));
  }

  /** @param {number} received @param {number} total @param {string} name */
  #updateDownload(received, total, name) {
    if (total) this.#bar.value = Math.min(1, received / total);
    this.#bar.setAttribute("aria-label", t("model.download", { name }));
    const figures = { received: bytes(received, language()), total: bytes(total, language()) };
    setText(this.#figures, t("model.received", figures));
  }
}
