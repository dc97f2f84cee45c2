/** Text → clipboard, also where the page has no secure context. */

import { t } from "../i18n.js";
import { one, setText } from "./dom.js";

const COPIED_MS = 1800;

/** Makes a button copy, and say so for a moment. @param {HTMLElement} button @param {() => string} text */
export function copies(button, text) {
	const words = one(button, "span");
	button.addEventListener("click", async () => {
		if (!(await copyText(text()))) return;
		setText(words, t("job.copied"));
		setTimeout(() => setText(words, t(/** @type {Key} */ (words.dataset.t))), COPIED_MS);
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
