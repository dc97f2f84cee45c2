/** The form with the options for the next files, built from the server's option table. Choices are remembered. */

import { language } from "../i18n.js";
import { query, setChildren, setVisible } from "../lib/dom.js";
import { load, save } from "../lib/storage.js";
import { modelDetails } from "./model-details.js";
import { codeOf, offerLanguages, offerModels, optionField } from "./option-field.js";

const ROOM_FOR_ALL = "(min-width: 60rem)";

/** @type {Component} */
export function optionsForm(element, app) {
	/** Values by option name; an option that was never changed is absent. @type {Record<string, unknown>} */
	let chosen = load("options", {});
	/** @type {OptionField[]} */
	let fields = [];
	let built = "";
	const form = query(element, "form");
	const aboutModel = [...form.children];
	const importer = query(form, "#import", HTMLInputElement);
	const languages = query(element, "datalist", HTMLDataListElement);
	const note = modelDetails(query(form, "model-details"), app.actions);
	query(element, "details", HTMLDetailsElement).open = matchMedia(ROOM_FOR_ALL).matches;
	importer.addEventListener("change", () => {
		for (const file of importer.files ?? []) app.actions.importModel(file, chooseModel);
		importer.value = "";
	});
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("change", ({ target }) => {
		const field = fields.find(({ control }) => control === target);
		if (field) choose({ [field.option.name]: read(field) });
	});

	/** @param {Record<string, unknown>} change */
	function choose(change) {
		chosen = { ...chosen, ...change };
		save("options", chosen);
		draw(app.store.state);
	}

	/** @param {Model} model */
	function chooseModel({ name }) {
		for (const { option } of fields) if (option.type === "model") choose({ [option.name]: name });
	}

	/** The default for a field without effect, or that the chosen model doesn't support. @param {OptionField} field */
	function read({ option: { type, default: otherwise }, element: { hidden }, control }) {
		const text = control.value.trim();
		if (hidden || control.disabled) return otherwise;
		if (type === "boolean") return control.checked;
		if (type === "language") return codeOf(languages, text);
		return text && /integer|number/.test(type) ? Number(text) : text || null;
	}

	/** @param {OptionField} field */
	function write({ option: { name, type, default: otherwise }, control }) {
		const value = chosen[name] ?? otherwise ?? "";
		if (type === "boolean") control.checked = value === true;
		else if (type === "language") control.value = [...languages.options].find(({ dataset }) => dataset.code === value)?.value ?? "";
		else control.value = String(value);
	}

	app.selectedOptions = () => Object.fromEntries(fields.map((field) => [field.option.name, read(field)]));

	/** Create the fields, unless neither the options nor the language of their texts have changed. @param {State} state */
	function build({ options, languages: spoken }) {
		const key = JSON.stringify([language(), options]);
		if (built === key) return;
		built = key;
		offerLanguages(languages, spoken);
		fields = options.filter((option) => option.page).map(optionField);
		fields.forEach(write);
		setChildren(form, ...fields.flatMap((field) => (field.option.type === "model" ? [field.element, ...aboutModel] : field.element)));
	}

	/** @param {State} state */
	function draw(state) {
		build(state);
		/** @type {Model|undefined} */
		let model;
		for (const field of fields) {
			const { option, control } = field;
			if (option.type === "model") model = offerModels(control, state, chosen[option.name]);
			if (option.type === "language") write(field);
		}
		note.update(model, !state.models.some((each) => each.available && !each.bundled));
		for (const { option, element, control } of fields) {
			const needed = fields.find((field) => field.option.name === option.needs);
			if (option.needs_model) setVisible(element, model?.[option.needs_model] ?? false);
			if (needed) control.disabled = !read(needed);
		}
	}

	return (state, before) => {
		if (state.models !== before?.models) draw(state); // languages and options arrive together with the models
	};
}
