/** Language and theme of the page itself. */

import { language, setLanguage } from "../i18n.js";
import { query } from "../lib/dom.js";
import { load, save } from "../lib/storage.js";

/** @type {Component} */
export function pageSettings(element) {
	const languages = query(element, "#page-language", HTMLSelectElement);
	const themes = query(element, "#theme", HTMLSelectElement);
	languages.value = language();
	languages.addEventListener("change", () => setLanguage(languages.value === "es" ? "es" : "en"));
	themes.value = load("theme", "system");
	themes.addEventListener("change", () => {
		save("theme", themes.value);
		if (themes.value === "system") delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = themes.value;
	});
}
