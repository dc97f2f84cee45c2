/** The page's own language and theme. */

import { language, setLanguage } from "../i18n.js";
import { query } from "../lib/dom.js";
import { load, save } from "../lib/storage.js";

/** @type {Component} */
export function pageSettings(element) {
	const languageSelect = query(element, "#page-language", HTMLSelectElement);
	const themeSelect = query(element, "#theme", HTMLSelectElement);
	languageSelect.value = language();
	languageSelect.addEventListener("change", () => setLanguage(languageSelect.value === "es" ? "es" : "en"));
	themeSelect.value = load("theme", "system");
	themeSelect.addEventListener("change", () => {
		const theme = themeSelect.value;
		save("theme", theme);
		if (theme === "system") delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = theme;
	});
}
