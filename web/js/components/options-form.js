/** How the next files are to be transcribed; remembered in this browser. */

import { language, t } from "../i18n.js";
import { h, query, setText, setVisible } from "../lib/dom.js";
import { formatBytes, languageName } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { modelDetails } from "./model-details.js";

const ROOM_FOR_ALL = "(min-width: 60rem)";

/** @type {Component} */
export function optionsForm(element, app) {
	/** What was chosen; an absent field was never touched. @type {Partial<SubmitOptions>} */
	let chosen = load("options", {});
	/** Code by the name shown. @type {Map<string, string>} */
	let codes = new Map();
	let languagesShown = "";
	const form = query(element, "form");
	const models = query(form, "#model", HTMLSelectElement);
	const importer = query(form, "#import", HTMLInputElement);
	const note = modelDetails(query(form, "model-details"), app.actions);
	const spoken = query(form, "#language", HTMLInputElement);
	const spokenField = query(form, ".field:has(#language)");
	const languages = query(form, "datalist");
	const task = query(form, "#task", HTMLSelectElement);
	const taskField = query(form, ".field:has(#task)");
	const quality = query(form, "#quality", HTMLSelectElement);
	const timestamps = query(form, "#timestamps", HTMLInputElement);
	const words = query(form, "#words", HTMLInputElement);
	const prompt = query(form, "#prompt", HTMLTextAreaElement);
	query(element, "details", HTMLDetailsElement).open = matchMedia(ROOM_FOR_ALL).matches;
	timestamps.checked = chosen.return_timestamps ?? true;
	words.checked = chosen.word_timestamps ?? false;
	task.value = chosen.task ?? "transcribe";
	quality.value = chosen.quality ?? "exact";
	prompt.value = chosen.initial_prompt ?? "";
	importer.addEventListener("change", () => {
		for (const file of importer.files ?? []) app.actions.importModel(file, ({ name }) => choose({ model: name }));
		importer.value = "";
	});
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("change", ({ target: control }) => {
		if (control === spoken) choose({ language: codeOf(spoken.value) });
		else if (control instanceof HTMLSelectElement || control instanceof HTMLTextAreaElement) choose({ [control.name]: control.value });
		else if (control instanceof HTMLInputElement && control.name) choose({ [control.name]: control.checked });
	});

	/** @param {Partial<SubmitOptions>} change */
	function choose(change) {
		chosen = { ...chosen, ...change };
		save("options", chosen);
		draw(app.store.state);
	}

	// What the chosen model can't do is not asked of it.
	app.selectedOptions = () => ({
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
		const typed = text.trim().toLocaleLowerCase();
		const names = [...codes.keys()].filter((name) => typed && name.toLocaleLowerCase().startsWith(typed));
		const whole = names.find((name) => name.toLocaleLowerCase() === typed) ?? (names.length === 1 ? names[0] : undefined);
		return [...codes.values()].find((code) => code === typed) ?? codes.get(whole ?? "") ?? "auto";
	}

	/** @param {State} state */
	function offerLanguages({ languages: all }) {
		if (languagesShown === language() + all.length) return;
		languagesShown = language() + all.length;
		const order = new Intl.Collator(language()).compare;
		const named = all
			.map(({ code, name }) => ({ code, name: languageName(code, name, language()) }))
			.sort((a, b) => order(a.name, b.name));
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
		setVisible(taskField, model?.translates ?? false);
		setVisible(spokenField, model?.multilingual ?? true);
		words.disabled = !timestamps.checked;
	}

	return (state, before) => {
		if (state.models !== before?.models || state.languages !== before.languages) draw(state);
	};
}

/** In place, so that an open list stays open. @param {HTMLSelectElement} select @param {State} state @param {string|undefined} wanted what was chosen before */
function offerModels(select, { models, defaultModel }, wanted) {
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
	const size = model.size_bytes === null ? "" : formatBytes(model.size_bytes, language());
	return [model.name, size, t(state)].filter(Boolean).join(" · ");
}
