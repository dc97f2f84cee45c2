/** The page's words. Elements with data-t, data-t-label or data-t-placeholder get theirs by localize(). */

import { load, save } from "./lib/memory.js";
import { TEXTS } from "./texts.js";

/** @typedef {keyof typeof TEXTS} Key */
/** @typedef {"en"|"es"} Language */

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
	const [english, spanish] = TEXTS[key];
	return (current === "es" ? spanish : english).replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/** Puts the current language's words into every marked element. @param {Element} root */
export function localize(root) {
	const page = document.documentElement;
	if (page.lang !== current) page.lang = current; // each time it is set, all styles are computed anew
	for (const [mark, place] of Object.entries(PLACES)) {
		for (const element of root.querySelectorAll(`[${mark}]`)) {
			const text = t(/** @type {Key} */ (element.getAttribute(mark)));
			if (place) element.setAttribute(place, text);
			else element.textContent = text;
		}
	}
}
