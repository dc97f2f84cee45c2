/** The page's words. Elements with data-i18n, data-i18n-label or data-i18n-placeholder get theirs by localize(). */

import { load, save } from "./lib/storage.js";
import { TEXTS } from "./texts.js";

/** @typedef {keyof typeof TEXTS} TextKey */
/** @typedef {"en"|"es"} Language */

const PLACES = { "data-i18n": "", "data-i18n-label": "aria-label", "data-i18n-placeholder": "placeholder" };

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

/** @param {TextKey} key @param {Record<string, string|number>} [params] */
export function t(key, params = {}) {
	const [english, spanish] = TEXTS[key];
	return (current === "es" ? spanish : english).replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/** Puts the current language's words into every marked element. @param {Element} root */
export function localize(root) {
	const page = document.documentElement;
	if (page.lang !== current) page.lang = current; // each time it is set, all styles are computed anew
	for (const [mark, place] of Object.entries(PLACES)) {
		for (const element of root.querySelectorAll(`[${mark}]`)) {
			const text = t(/** @type {TextKey} */ (element.getAttribute(mark)));
			if (place) element.setAttribute(place, text);
			else element.textContent = text;
		}
	}
}
