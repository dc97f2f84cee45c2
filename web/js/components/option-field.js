/** One option as a form field, from the template of its type; and the choices of model and language fields. */

import { language, t } from "../i18n.js";
import { cloneTemplate, h, query, setText } from "../lib/dom.js";
import { formatBytes, languageName } from "../lib/format.js";

/** @param {Option} option @returns {OptionField} */
export function optionField(option) {
	const { name, type, label, hint, choices = [], minimum: min, maximum: max, max_length: maxlength } = option;
	const element = cloneTemplate(`${type}-field`);
	const control = /** @type {OptionControl} */ (query(element, "input, select, textarea"));
	control.id = `option-${name}`;
	element.querySelector("label")?.setAttribute("for", control.id);
	setText(query(element, ".label"), label);
	for (const [limit, value] of Object.entries({ min, max, maxlength })) if (value != null) control.setAttribute(limit, String(value));
	for (const each of choices) control.append(h("option", { value: each.value }, each.label));
	if (hint) {
		element.append(h("p", { class: "hint", id: `${control.id}-hint` }, hint));
		control.setAttribute("aria-describedby", `${control.id}-hint`);
	}
	return { option, control, element };
}

/** Updates in place, so that an open list stays open. @param {OptionControl} select @param {State} state @param {unknown} wanted its name @returns the selected model */
export function offerModels(select, { models, defaultModel }, wanted) {
	const shown = /** @type {HTMLOptionElement[]} */ ([...select.children]);
	if (models.map(({ name }) => name).join() !== shown.map(({ value }) => value).join()) {
		select.replaceChildren(...models.map(({ name }) => h("option", { value: name })));
	}
	models.forEach((model, at) => setText(/** @type {Element} */ (select.children[at]), labelOf(model)));
	const preferred =
		models.find(({ name }) => name === wanted) ??
		models.find(({ name, available }) => name === defaultModel && available) ??
		models.find(({ available }) => available) ??
		models[0];
	if (preferred && select.value !== preferred.name) select.value = preferred.name;
	return preferred;
}

/** @param {Model} model */
function labelOf({ name, download, available, size_bytes: size }) {
	const state = download ? "model.coming" : available ? "model.here" : "model.away";
	return [name, size === null ? "" : formatBytes(size, language()), t(state)].filter(Boolean).join(" · ");
}

/** Sorted by their names in the page's language. @param {HTMLElement} list @param {readonly SpokenLanguage[]} languages */
export function offerLanguages(list, languages) {
	const order = new Intl.Collator(language()).compare;
	const named = languages.map(({ code, name }) => ({ "data-code": code, value: languageName(code, name, language()) }));
	list.replaceChildren(...named.sort((a, b) => order(a.value, b.value)).map((each) => h("option", each)));
}

/** Accepts a name, a code, or the beginning of exactly one name; anything else is `auto`. @param {HTMLDataListElement} list @param {string} text */
export function codeOf({ options }, text) {
	const typed = text.toLocaleLowerCase();
	const whole = [...options].find(({ value, dataset }) => [value.toLocaleLowerCase(), dataset.code].includes(typed));
	const begun = [...options].filter(({ value }) => value.toLocaleLowerCase().startsWith(typed));
	return (whole ?? (begun.length === 1 ? begun[0] : undefined))?.dataset.code ?? "auto";
}
