/** The choice of a model: each with its size and whether it is here. Updated in place, so an open list stays open. */

import { language, t } from "../i18n.js";
import { h, setText } from "../lib/dom.js";
import { bytes } from "../lib/format.js";

export class ModelSelect {
  element = h("select", { id: "model", name: "model" });
  #names = "";

  /** @param {State} state @param {string|undefined} wanted what was chosen before */
  update({ models, defaultModel }, wanted) {
    const names = models.map((model) => model.name).join();
    if (names !== this.#names) {
      this.#names = names;
      this.element.replaceChildren(...models.map((model) => h("option", { value: model.name })));
    }
    models.forEach((model, at) => setText(/** @type {Element} */ (this.element.options[at]), labelOf(model)));
    const preferred =
      models.find((model) => model.name === wanted) ??
      models.find((model) => model.name === defaultModel && model.available) ??
      models.find((model) => model.available) ??
      models[0];
    if (preferred && this.element.value !== preferred.name) this.element.value = preferred.name;
  }
}

/** @param {Model} model */
function labelOf(model) {
  const state = model.download ? "model.coming" : model.available ? "model.here" : "model.away";
  const size = model.size_bytes === null ? "" : bytes(model.size_bytes, language());
  return [model.name, size, t(state)].filter(Boolean).join(" · ");
}
