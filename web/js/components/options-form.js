/** How the next files are transcribed: the server's options that the page shows. The choices are stored in the browser. */

import { language, t } from "../i18n.js";
import { query, queryEach, setChildren, setTextOrHide, setVisible } from "../lib/dom.js";
import { load, save } from "../lib/storage.js";
import { modelDetails } from "./model-details.js";
import { languageCode, optionField, updateLanguages, updateModels } from "./option-field.js";

/** What most people choose, in this order. The rest is behind "More settings". */
const MAIN_TYPES = ["language", "model"];

/** @type {Component} */
export function optionsForm(element, app) {
	/** By the option's name; options that were never changed are absent. @type {Record<string, unknown>} */
	let chosen = load("options", {});
	/** @type {OptionField[]} */
	let fields = [];
	let renderedKey = "";
	const form = query(element, "form");
	const [mainOptions, moreOptions] = queryEach(form, ".main-options", ".more-options");
	const languageList = query(element, "datalist", HTMLDataListElement);
	const details = modelDetails(query(form, "model-details"), app.actions);
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("change", ({ target }) => {
		const field = fields.find(({ control }) => control === target);
		if (!field) return;
		if (field.option.type === "language") showUnknownLanguage(field);
		choose({ [field.option.name]: readValue(field) });
	});
	app.chooseModel = chooseModel;
	app.useTermList = (name) => {
		const field = fields.find(({ option }) => option.type === "terms");
		if (!field) return;
		const lines = field.control.value.split("\n").filter((line) => line.trim() && line.trim() !== `@${name}`);
		field.control.value = [...lines, `@${name}`].join("\n");
		choose({ [field.option.name]: readValue(field) });
	};
	app.selectedOptions = () => Object.fromEntries(fields.map((field) => [field.option.name, readValue(field)]));

	/** @param {Record<string, unknown>} changes */
	function choose(changes) {
		chosen = { ...chosen, ...changes };
		save("options", chosen);
		render(app.store.state);
	}

	/** @param {Model} model */
	function chooseModel({ name }) {
		for (const { option } of fields) if (option.type === "model") choose({ [option.name]: name });
	}

	/** The default where the option has no effect, or the chosen model doesn't support it. @param {OptionField} field */
	function readValue({ option: { type, default: defaultValue }, element: { hidden }, control }) {
		const text = control.value.trim();
		if (hidden || control.disabled) return defaultValue;
		if (type === "boolean") return control.checked;
		if (type === "language") return languageCode(languageList, text) ?? "auto";
		return text && /integer|number/.test(type) ? Number(text) : text || null;
	}

	/** Then the language is detected, as the emptied field says. @param {OptionField} field */
	function showUnknownLanguage({ element, control }) {
		const name = control.value.trim();
		const isUnknown = name !== "" && languageCode(languageList, name) === null;
		setTextOrHide(query(element, ".error"), isUnknown ? t("options.unknown_language", { name }) : "");
	}

	/** @param {OptionField} field */
	function showValue({ option: { name, type, default: defaultValue }, control }) {
		const value = chosen[name] ?? defaultValue ?? "";
		if (type === "boolean") control.checked = value === true;
		else if (type === "language") control.value = [...languageList.options].find(({ dataset }) => dataset.code === value)?.value ?? "";
		else control.value = String(value);
	}

	/** Only where the options or their language have changed. @param {State} state */
	function renderFields({ options, languages }) {
		const key = JSON.stringify([language(), options]);
		if (renderedKey === key) return;
		renderedKey = key;
		updateLanguages(languageList, languages);
		fields = options.filter((option) => option.page).map((option) => optionField(option));
		fields.forEach(showValue);
		const isMain = (/** @type {OptionField} */ { option }) => MAIN_TYPES.includes(option.type);
		const main = fields.filter(isMain).sort((a, b) => MAIN_TYPES.indexOf(a.option.type) - MAIN_TYPES.indexOf(b.option.type));
		setChildren(mainOptions, ...main.map((field) => field.element));
		setChildren(moreOptions, ...fields.filter((field) => !isMain(field)).map((field) => field.element));
	}

	/** @param {State} state */
	function render(state) {
		renderFields(state);
		/** @type {Model|undefined} */
		let model;
		for (const field of fields) {
			const { option, control } = field;
			if (option.type === "model") model = updateModels(control, state, chosen[option.name]);
			if (option.type === "language") showValue(field);
		}
		details.update(model, !state.models.some(({ available, bundled }) => available && !bundled));
		for (const { option, element, control } of fields) {
			const needed = fields.find((field) => field.option.name === option.needs);
			if (option.needs_model) setVisible(element, model?.[option.needs_model] ?? false);
			if (needed) control.disabled = !readValue(needed);
		}
	}

	return (state, before) => {
		if (state.models !== before?.models) render(state); // options and languages are loaded with them
	};
}
