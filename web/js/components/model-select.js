/** The choice of a model: each with its size and whether it is here. Updated in place, so an open list stays open. */

import { language, t } from "../i18n.js";
import { h, setText } from "../lib/dom.js";
import { bytes } from "../lib/format.js";

/** @param {HTMLSelectElement} select @param {State} state @param {string|undefined} wanted what was chosen before */
export function offerModels(select, { models, defaultModel }, wanted) {
  const names = models.map((model) => model.name);
  if (names.join() !== [...select.options].map((option) => option.value).join()) {
    select.replaceChildren(...names.map((value) => h("option", { value })));
  }
  models.forEach((model, at) => setText(/** @type {Element} */ (select.options[at]), labelOf(model)));
  const preferred =
    models.find((model) => model.name === wanted) ??
    models.find((model) => model.name === defaultModel && model.available) ??
    models.find((model) => model.available) ??
    models[0];
  if (preferred && select.value !== preferred.name) select.value = preferred.name;
}

/** @param {Model} model */
function labelOf(model) {
  const state = model.download ? "model.coming" : model.available ? "model.here" : "model.away";
  const size = model.size_bytes === null ? "" : bytes(model.size_bytes, language());
  return [model.name, size, t(state)].filter(Boolean).join(" · ");
}
