/** How the next files are to be transcribed; remembered in this browser. */

import { language } from "../i18n.js";
import { fill, h, icon, show } from "../lib/dom.js";
import { languageName } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { ModelNote } from "./model-note.js";
import { ModelSelect } from "./model-select.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").SubmitOptions} SubmitOptions */

const ROOM_FOR_ALL = "(min-width: 60rem)";

export class OptionsForm extends HTMLElement {
  #models = new ModelSelect();
  #language = h("select", { id: "language", name: "language" });
  #languageField = field("options.language", this.#language);
  #task = h(
    "select",
    { id: "task", name: "task" },
    h("option", { value: "transcribe", t: "options.transcribe" }),
    h("option", { value: "translate", t: "options.translate" }),
  );
  #taskField = field("options.task", this.#task);
  #timestamps = h("input", { type: "checkbox", id: "timestamps", name: "return_timestamps" });
  #words = h("input", { type: "checkbox", id: "words", name: "word_timestamps" });
  #note = new ModelNote();
  /** What was chosen; an absent field was never touched. @type {Partial<SubmitOptions>} */
  #chosen = load("options", {});
  #languagesShown = "";
  /** @type {import("../store.js").Store|undefined} */
  #store;

  /** @param {import("../store.js").Store} store @param {import("../actions.js").Actions} actions */
  connect(store, actions) {
    this.#store = store;
    this.#note.connect(actions);
    const form = h(
      "form",
      { "aria-labelledby": "options-title" },
      field("options.model", this.#models.element),
      this.#note,
      this.#languageField,
      this.#taskField,
      h(
        "div",
        { class: "checks" },
        h("label", { class: "check" }, this.#timestamps, h("span", { t: "options.timestamps" })),
        h("label", { class: "check" }, this.#words, h("span", { t: "options.words" })),
      ),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => this.#changed(event.target));
    const summary = h("summary", {}, h("h2", { id: "options-title", t: "options.title" }), icon("chevron"));
    fill(this, h("details", { class: "options", open: matchMedia(ROOM_FOR_ALL).matches }, summary, form));
    this.#timestamps.checked = this.#chosen.return_timestamps ?? true;
    this.#words.checked = this.#chosen.word_timestamps ?? false;
    this.#task.value = this.#chosen.task ?? "transcribe";
    store.subscribe((state, before) => {
      if (state.models !== before.models || state.languages !== before.languages) this.#update(state);
    });
    this.localized();
  }

  localized() {
    this.#languagesShown = "";
    if (this.#store) this.#update(this.#store.state);
  }

  /** What the chosen model can't do is not asked of it. @returns {SubmitOptions} */
  get value() {
    const timestamps = this.#timestamps.checked;
    return {
      model: this.#models.element.value,
      language: this.#languageField.hidden ? "auto" : this.#language.value || "auto",
      task: !this.#taskField.hidden && this.#task.value === "translate" ? "translate" : "transcribe",
      return_timestamps: timestamps,
      word_timestamps: timestamps && this.#words.checked,
    };
  }

  /** @param {EventTarget|null} control */
  #changed(control) {
    if (control instanceof HTMLInputElement) this.#chosen = { ...this.#chosen, [control.name]: control.checked };
    if (control instanceof HTMLSelectElement) this.#chosen = { ...this.#chosen, [control.name]: control.value };
    save("options", this.#chosen);
    if (this.#store) this.#update(this.#store.state);
  }

  /** @param {State} state */
  #update(state) {
    this.#models.update(state, this.#chosen.model);
    this.#updateLanguages(state);
    const model = state.models.find((each) => each.name === this.#models.element.value);
    this.#note.update(model, !state.models.some((each) => each.available && !each.bundled));
    show(this.#taskField, model?.translates ?? false);
    show(this.#languageField, model?.multilingual ?? true);
    this.#words.disabled = !this.#timestamps.checked;
  }

  /** @param {State} state */
  #updateLanguages({ languages }) {
    const shown = language() + languages.length;
    if (shown === this.#languagesShown) return;
    this.#languagesShown = shown;
    const named = languages
      .map(({ code, name }) => ({ code, name: languageName(code, name, language()) }))
      .sort((a, b) => a.name.localeCompare(b.name, language()));
    fill(
      this.#language,
      h("option", { value: "auto", t: "options.auto" }),
      ...named.map(({ code, name }) => h("option", { value: code }, name)),
    );
    this.#language.value = this.#chosen.language ?? "auto";
    if (!this.#language.value) this.#language.value = "auto";
  }
}

/** @param {import("../i18n.js").Key} key @param {HTMLSelectElement} control */
function field(key, control) {
  return h("div", { class: "field" }, h("label", { for: control.id, t: key }), h("span", { class: "select" }, control));
}
