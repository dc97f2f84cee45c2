/** An option as a form field, and the lists of models and languages to choose from. */

import { language, t } from "../i18n.js";
import { cloneTemplate, h, query, setText } from "../lib/dom.js";
import { languageName } from "../lib/format.js";
import { preselected, sizeOf } from "../models.js";

/** @param {Option} option @param {string} [form] part of the id, which is unique in the page @returns {OptionField} */
export function optionField(option, form = "option") {
	const { name, type, label, hint, choices = [], minimum: min, maximum: max, max_length: maxlength } = option;
	const element = cloneTemplate(`${type}-field`);
	const control = /** @type {OptionControl} */ (query(element, "input, select, textarea"));
	control.id = `${form}-${name}`;
	element.querySelector("label")?.setAttribute("for", control.id);
	setText(query(element, ".label"), label);
	for (const [attribute, value] of Object.entries({ min, max, maxlength })) {
		if (value != null) control.setAttribute(attribute, String(value));
	}
	for (const choice of choices) control.append(h("option", { value: choice.value }, choice.label));
	if (hint) {
		element.append(h("p", { class: "hint", id: `${control.id}-hint` }, hint));
		control.setAttribute("aria-describedby", `${control.id}-hint`);
	}
	return { option, control, element };
}

/**
 * Updates the choices in place, so that an open list stays open.
 * @param {OptionControl} select @param {State} state @param {unknown} preferredName
 * @returns {Model|undefined} the selected model
 */
export function updateModels(select, state, preferredName) {
	const { models } = state;
	const choices = /** @type {HTMLOptionElement[]} */ ([...select.children]);
	if (models.map(({ name }) => name).join() !== choices.map(({ value }) => value).join()) {
		select.replaceChildren(...models.map(({ name }) => h("option", { value: name })));
	}
	models.forEach((model, index) => setText(/** @type {Element} */ (select.children[index]), modelLabel(model)));
	const selected = preselected(state, preferredName);
	if (selected && select.value !== selected.name) select.value = selected.name;
	return selected;
}

/** Of those that are here, only the name. @param {Model} model */
function modelLabel(model) {
	const { name, purpose, download, available } = model;
	const missing = available ? [] : [sizeOf(model), t(download ? "model.downloading" : "model.unavailable")];
	return [purpose && t(`purpose.${purpose}`), name, ...missing].filter(Boolean).join(" · ");
}

/** Named and sorted in the page's language. @param {HTMLElement} list @param {readonly SpokenLanguage[]} languages */
export function updateLanguages(list, languages) {
	const { compare } = new Intl.Collator(language());
	const choices = languages.map(({ code, name }) => ({ "data-code": code, value: languageName(code, name) }));
	const several = { "data-code": "per-segment", value: t("options.per_segment") };
	list.replaceChildren(...[several, ...choices.sort((a, b) => compare(a.value, b.value))].map((choice) => h("option", choice)));
}

/** From a name, a code, or the start of exactly one name; null: none of these. @param {HTMLDataListElement} list @param {string} text */
export function languageCode({ options }, text) {
	const typed = text.toLocaleLowerCase();
	const exact = [...options].find(({ value, dataset }) => [value.toLocaleLowerCase(), dataset.code].includes(typed));
	const starting = [...options].filter(({ value }) => value.toLocaleLowerCase().startsWith(typed));
	return (exact ?? (starting.length === 1 ? starting[0] : undefined))?.dataset.code ?? null;
}
