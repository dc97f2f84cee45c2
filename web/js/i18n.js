/**
 * The page's language. localize() writes the text of a key into every element with data-i18n, and into the aria-label or
 * placeholder of those with data-i18n-label or data-i18n-placeholder.
 */

import { load, save } from "./lib/storage.js";
import { TEXTS } from "./texts.js";

/** A group and a name: "job.cancel". @typedef {{[Group in keyof typeof TEXTS]: `${Group}.${Extract<keyof typeof TEXTS[Group], string>}`}[keyof typeof TEXTS]} TextKey */
/** @typedef {"en"|"es"} Language */

/** The attribute that is translated, by the one that has the key; "": the text itself. */
const TARGETS = { "data-i18n": "", "data-i18n-label": "aria-label", "data-i18n-placeholder": "placeholder" };

/** @type {Language} */
let current = preferredLanguage();

/** @returns {Language} */
function preferredLanguage() {
	const preferences = [load("language", ""), ...(globalThis.navigator?.languages ?? []).map((tag) => tag.slice(0, 2))];
	return preferences.find((tag) => tag === "en" || tag === "es") ?? "en";
}

export function language() {
	return current;
}

/** Also dispatches "languagechange" on the document. @param {Language} next */
export function setLanguage(next) {
	current = next;
	save("language", next);
	localize(document.documentElement);
	document.dispatchEvent(new Event("languagechange"));
}

/** @param {TextKey} key @param {Record<string, string|number>} [params] */
export function t(key, params = {}) {
	const [group = "", name = ""] = key.split(".");
	/** @type {[string, string]} */
	const [english, spanish] = /** @type {Record<string, any>} */ (TEXTS)[group][name];
	return (current === "es" ? spanish : english).replace(/\{(\w+)\}/g, (placeholder, name) => String(params[name] ?? placeholder));
}

/** @param {Element} root */
export function localize(root) {
	const html = document.documentElement;
	if (html.lang !== current) html.lang = current; // setting it recomputes all styles, even to the same value
	for (const [source, target] of Object.entries(TARGETS)) {
		for (const element of root.querySelectorAll(`[${source}]`)) {
			const text = t(/** @type {TextKey} */ (element.getAttribute(source)));
			if (target) element.setAttribute(target, text);
			else element.textContent = text;
		}
	}
}
