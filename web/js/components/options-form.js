/** How the next files are to be transcribed; remembered in this browser. */

import { language, t } from "../i18n.js";
import { fill, h, setText, show } from "../lib/dom.js";
import { bytes, languageName } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { ModelNote } from "./model-note.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").SubmitOptions} SubmitOptions */

export class OptionsForm extends HTMLElement {
  #model = h("select", { id: "model", name: "model" });
  #language = h("select", { id: "language", name: "language" });
  #task = h(
    "select",
    { id: "task", name: "task" },
    h("option", { value: "transcribe", t: "options.transcribe" }),
    h("option", { value: "translate", t: "options.translate" }),
  );
  #timestamps = h("input", { type: "checkbox", id: "timestamps", name: "return_timestamps" });
  #words = h("input", { type: "checkbox", id: "words", name: "word_timestamps" });
  #taskNote = h("p", { class: "hint", hidden: true });
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
      { class: "options", "aria-labelledby": "options-title" },
      h("h2", { id: "options-title", t: "options.title" }),
      field("options.model", this.#model),
      this.#note,
      field("options.language", this.#language),
      field("options.task", this.#task),
      this.#taskNote,
      h("label", { class: "check" }, this.#timestamps, h("span", { t: "options.timestamps" })),
      h("label", { class: "check" }, this.#words, h("span", { t: "options.words" })),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => this.#changed());
    fill(this, form);
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

  /** @returns {SubmitOptions} */
  get value() {
    const timestamps = this.#timestamps.checked;
    return {
      model: this.#model.value,
      language: this.#language.value || "auto",
      task: this.#task.value === "translate" && !this.#task.disabled ? "translate" : "transcribe",
      return_timestamps: timestamps,
      word_timestamps: timestamps && this.#words.checked,
    };
  }

  #changed() {
    this.#chosen = {
      model: this.#model.value,
      language: this.#language.value,
      task: this.#task.value === "translate" ? "translate" : "transcribe",
      return_timestamps: this.#timestamps.checked,
      word_timestamps: this.#words.checked,
    };
    save("options", this.#chosen);
    if (this.#store) this.#update(this.#store.state);
  }

  /** @param {State} state */
  #update(state) {
    this.#updateModels(state);
    this.#updateLanguages(state);
    const model = state.models.find((each) => each.name === this.#model.value);
    this.#note.update(model, !state.models.some((each) => each.available && !each.bundled));
    const translates = model?.translates ?? true;
    this.#task.disabled = !translates;
    if (!translates) this.#task.value = "transcribe";
    show(this.#taskNote, !translates);
    setText(this.#taskNote, model ? t("model.notranslate", { name: model.name }) : "");
    this.#words.disabled = !this.#timestamps.checked;
  }

  /** @param {State} state */
  #updateModels({ models, defaultModel }) {
    const options = models.map((model) => {
      const state = model.download ? "model.coming" : model.available ? "model.here" : "model.away";
      return h("option", { value: model.name }, `${model.name} · ${bytes(model.size_bytes, language())} · ${t(state)}`);
    });
    const preferred =
      models.find((model) => model.name === this.#chosen.model) ??
      models.find((model) => model.name === defaultModel && model.available) ??
      models.find((model) => model.available);
    this.#model.replaceChildren(...options);
    this.#model.value = preferred?.name ?? models[0]?.name ?? "";
  }

  /** @param {State} state */
  #updateLanguages({ languages }) {
    const shown = language() + languages.length;
    if (shown === this.#languagesShown) return;
    this.#languagesShown = shown;
    const named = languages
      .map(({ code, name }) => ({ code, name: languageName(code, name, language()) }))
      .sort((a, b) => a.name.localeCompare(b.name, language()));
    const before = this.#language.value || (this.#chosen.language ?? "auto");
    fill(
      this.#language,
      h("option", { value: "auto", t: "options.auto" }),
      ...named.map(({ code, name }) => h("option", { value: code }, name)),
    );
    this.#language.value = before;
    if (!this.#language.value) this.#language.value = languages.length ? "auto" : "";
  }
}

/** @param {import("../i18n.js").Key} key @param {HTMLSelectElement} control */
function field(key, control) {
  return h("div", { class: "field" }, h("label", { for: control.id, t: key }), h("span", { class: "select" }, control));
}
