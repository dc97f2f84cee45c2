/** The page's words. Elements with data-t, data-t-label or data-t-placeholder get theirs by localize(). */

import { en } from "./i18n/en.js";
import { es } from "./i18n/es.js";
import { load, save } from "./lib/memory.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {"en"|"es"} Language */

/** @type {Record<Language, Record<Key, string>>} */
const TABLES = { en, es };

const PLACES = { "data-t": "", "data-t-label": "aria-label", "data-t-placeholder": "placeholder" };

/** @type {Language} */
let current = chosen();

/** @returns {Language} */
function chosen() {
	const wanted = [load("language", ""), ...navigator.languages.map((tag) => tag.slice(0, 2))];
	return wanted.find((tag) => tag === "en" || tag === "es") ?? "en";
}

export function language() {
	return current;
}

/** @param {Language} next */
export function setLanguage(next) {
	current = next;
	save("language", next);
	localize(document.documentElement);
	document.dispatchEvent(new Event("language"));
}

/** @param {Key} key @param {Record<string, string|number>} [params] */
export function t(key, params = {}) {
	return TABLES[current][key].replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/** Puts the current language's words into every marked element. @param {Element} root */
export function localize(root) {
	document.documentElement.lang = current;
	for (const [mark, place] of Object.entries(PLACES)) {
		for (const element of root.querySelectorAll(`[${mark}]`)) {
			const text = t(/** @type {Key} */ (element.getAttribute(mark)));
			if (place) element.setAttribute(place, text);
			else element.textContent = text;
		}
	}
}
