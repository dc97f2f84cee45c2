/** How the next files are to be transcribed; remembered in this browser. */

import { language } from "../i18n.js";
import { fill, h, icon, show } from "../lib/dom.js";
import { languageName } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { ModelNote } from "./model-note.js";
import { ModelSelect } from "./model-select.js";

const ROOM_FOR_ALL = "(min-width: 60rem)";

export class OptionsForm extends HTMLElement {
  #models = new ModelSelect();
  #language = h("input", { id: "language", list: "languages", autocomplete: "off", "data-t-placeholder": "options.auto" });
  #languages = h("datalist", { id: "languages" });
  #languageField = h("div", { class: "field" }, h("label", { for: "language", t: "options.language" }), this.#language, this.#languages);
  /** Code by the name shown. @type {Map<string, string>} */
  #codes = new Map();
  #prompt = h("textarea", { id: "prompt", name: "initial_prompt", rows: 2, maxlength: 2000, "aria-describedby": "prompt-hint" });
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
  /** @type {Store|undefined} */
  #store;

  /** @param {Store} store @param {Actions} actions */
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
      h(
        "div",
        { class: "field" },
        h("label", { for: "prompt", t: "options.prompt" }),
        this.#prompt,
        h("p", { class: "hint", id: "prompt-hint", t: "options.prompt_hint" }),
      ),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => this.#changed(event.target));
    const summary = h("summary", {}, h("h2", { id: "options-title", t: "options.title" }), icon("chevron"));
    fill(this, h("details", { class: "options", open: matchMedia(ROOM_FOR_ALL).matches }, summary, form));
    this.#timestamps.checked = this.#chosen.return_timestamps ?? true;
    this.#words.checked = this.#chosen.word_timestamps ?? false;
    this.#task.value = this.#chosen.task ?? "transcribe";
    this.#prompt.value = this.#chosen.initial_prompt ?? "";
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
      language: this.#languageField.hidden ? "auto" : (this.#chosen.language ?? "auto"),
      task: !this.#taskField.hidden && this.#task.value === "translate" ? "translate" : "transcribe",
      return_timestamps: timestamps,
      word_timestamps: timestamps && this.#words.checked,
      initial_prompt: this.#prompt.value.trim(),
    };
  }

  /** @param {EventTarget|null} control */
  #changed(control) {
    if (control === this.#language) this.#chooseLanguage();
    else if (control instanceof HTMLTextAreaElement) this.#chosen = { ...this.#chosen, initial_prompt: control.value };
    else if (control instanceof HTMLInputElement) this.#chosen = { ...this.#chosen, [control.name]: control.checked };
    if (control instanceof HTMLSelectElement) this.#chosen = { ...this.#chosen, [control.name]: control.value };
    save("options", this.#chosen);
    if (this.#store) this.#update(this.#store.state);
  }

  /** A name of the list, a code, or the beginning of one name alone; anything else is automatic again. */
  #chooseLanguage() {
    const typed = this.#language.value.trim().toLocaleLowerCase(language());
    const all = [...this.#codes].map(([name, code]) => ({ name: name.toLocaleLowerCase(language()), code }));
    const begun = typed ? all.filter(({ name }) => name.startsWith(typed)) : [];
    const found = all.find(({ name, code }) => name === typed || code === typed) ?? (begun.length === 1 ? begun[0] : undefined);
    this.#chosen = { ...this.#chosen, language: found?.code ?? "auto" };
    this.#showLanguage();
  }

  #showLanguage() {
    this.#language.value = [...this.#codes].find(([, code]) => code === this.#chosen.language)?.[0] ?? "";
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
    this.#codes = new Map(named.map(({ code, name }) => [name, code]));
    this.#languages.replaceChildren(...named.map(({ name }) => h("option", { value: name })));
    this.#showLanguage();
  }
}

/** @param {Key} key @param {HTMLElement} control */
function field(key, control) {
  return h("div", { class: "field" }, h("label", { for: control.id, t: key }), h("span", { class: "select" }, control));
}
