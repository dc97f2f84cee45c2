/** Text → clipboard, also where the page has no secure context. */

import { t } from "../i18n.js";
import { query, setText } from "./dom.js";

const COPIED_MS = 1800;

/** Makes a button copy, and say so for a moment. @param {HTMLElement} button @param {() => string} text */
export function connectCopyButton(button, text) {
	const words = query(button, "span");
	button.addEventListener("click", async () => {
		if (!(await copyText(text()))) return;
		setText(words, t("job.copied"));
		setTimeout(() => setText(words, t(/** @type {TextKey} */ (words.dataset.i18n))), COPIED_MS);
	});
	return button;
}

/** @param {string} text @returns {Promise<boolean>} whether it is there now */
async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement("textarea");
		area.className = "visually-hidden";
		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}
