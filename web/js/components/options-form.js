/** How the next files are to be transcribed; remembered in this browser. */

import { language } from "../i18n.js";
import { fill, h, icon, show } from "../lib/dom.js";
import { languageName } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { modelNote } from "./model-note.js";
import { offerModels } from "./model-select.js";

const ROOM_FOR_ALL = "(min-width: 60rem)";

/** @type {Part} */
export function optionsForm(element, page) {
  /** What was chosen; an absent field was never touched. @type {Partial<SubmitOptions>} */
  let chosen = load("options", {});
  /** Code by the name shown. @type {Map<string, string>} */
  let codes = new Map();
  let languagesShown = "";
  const models = h("select", { id: "model", name: "model" });
  const note = modelNote(page.actions);
  const spoken = h("input", { id: "language", list: "languages", autocomplete: "off", "data-t-placeholder": "options.auto" });
  const languages = h("datalist", { id: "languages" });
  const spokenField = field("options.language", spoken, languages);
  const task = select("task", ["transcribe", "translate"]);
  const taskField = field("options.task", framed(task));
  const quality = select("quality", ["exact", "fast", "compact"]);
  const timestamps = h("input", { type: "checkbox", id: "timestamps", name: "return_timestamps" });
  const words = h("input", { type: "checkbox", id: "words", name: "word_timestamps" });
  const prompt = h("textarea", { id: "prompt", name: "initial_prompt", rows: 2, maxlength: 2000, "aria-describedby": "prompt-hint" });
  const form = h(
    "form",
    { "aria-labelledby": "options-title" },
    field("options.model", framed(models)),
    note.element,
    spokenField,
    taskField,
    field("options.quality", framed(quality), h("p", { class: "hint", t: "options.quality_hint" })),
    h("div", { class: "checks" }, check("options.timestamps", timestamps), check("options.words", words)),
    field("options.prompt", prompt, h("p", { class: "hint", id: "prompt-hint", t: "options.prompt_hint" })),
  );
  const summary = h("summary", {}, h("h2", { id: "options-title", t: "options.title" }), icon("chevron"));
  fill(element, h("details", { class: "options", open: matchMedia(ROOM_FOR_ALL).matches }, summary, form));
  timestamps.checked = chosen.return_timestamps ?? true;
  words.checked = chosen.word_timestamps ?? false;
  task.value = chosen.task ?? "transcribe";
  quality.value = chosen.quality ?? "exact";
  prompt.value = chosen.initial_prompt ?? "";
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target: control }) => {
    if (control === spoken) chosen = { ...chosen, language: codeOf(spoken.value) };
    else if (control instanceof HTMLInputElement) chosen = { ...chosen, [control.name]: control.checked };
    else if (control instanceof HTMLSelectElement || control instanceof HTMLTextAreaElement) {
      chosen = { ...chosen, [control.name]: control.value };
    }
    save("options", chosen);
    draw(page.store.state);
  });

  // What the chosen model can't do is not asked of it.
  page.options = () => ({
    model: models.value,
    language: spokenField.hidden ? "auto" : (chosen.language ?? "auto"),
    task: !taskField.hidden && task.value === "translate" ? "translate" : "transcribe",
    quality: quality.value,
    return_timestamps: timestamps.checked,
    word_timestamps: timestamps.checked && words.checked,
    initial_prompt: prompt.value.trim(),
  });

  /** A name of the list, a code, or the beginning of one name alone; anything else is automatic. @param {string} text */
  function codeOf(text) {
    const typed = text.trim().toLocaleLowerCase(language());
    const all = [...codes].map(([name, code]) => ({ name: name.toLocaleLowerCase(language()), code }));
    const begun = typed ? all.filter(({ name }) => name.startsWith(typed)) : [];
    const found = all.find(({ name, code }) => name === typed || code === typed) ?? (begun.length === 1 ? begun[0] : undefined);
    return found?.code ?? "auto";
  }

  /** @param {State} state */
  function offerLanguages({ languages: all }) {
    if (languagesShown === language() + all.length) return;
    languagesShown = language() + all.length;
    const named = all
      .map(({ code, name }) => ({ code, name: languageName(code, name, language()) }))
      .sort((a, b) => a.name.localeCompare(b.name, language()));
    codes = new Map(named.map(({ code, name }) => [name, code]));
    languages.replaceChildren(...named.map(({ name }) => h("option", { value: name })));
  }

  /** @param {State} state */
  function draw(state) {
    offerModels(models, state, chosen.model);
    offerLanguages(state);
    spoken.value = [...codes].find(([, code]) => code === chosen.language)?.[0] ?? "";
    const model = state.models.find((each) => each.name === models.value);
    note.update(model, !state.models.some((each) => each.available && !each.bundled));
    show(taskField, model?.translates ?? false);
    show(spokenField, model?.multilingual ?? true);
    words.disabled = !timestamps.checked;
  }

  return (state, before) => {
    if (state.models !== before?.models || state.languages !== before.languages) draw(state);
  };
}

/** @param {Key} key @param {HTMLElement} control @param {...HTMLElement} more */
function field(key, control, ...more) {
  const labelled = control.id ? control : control.firstElementChild;
  return h("div", { class: "field" }, h("label", { for: labelled?.id, t: key }), control, ...more);
}

/** @param {HTMLSelectElement} control */
function framed(control) {
  return h("span", { class: "select" }, control);
}

/** @param {string} name @param {("transcribe"|"translate"|"exact"|"fast"|"compact")[]} values */
function select(name, values) {
  return h("select", { id: name, name }, ...values.map((value) => h("option", { value, t: `options.${value}` })));
}

/** @param {Key} key @param {HTMLInputElement} box */
function check(key, box) {
  return h("label", { class: "check" }, box, h("span", { t: key }));
}
