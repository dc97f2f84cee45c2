/** Copying text, also on pages without a secure context. */

import { t } from "../i18n.js";
import { query, setText } from "./dom.js";

const COPIED_MS = 1800;

/** Copies on click and shows another label for a moment. @param {HTMLElement} button @param {() => string} getText @param {TextKey} copiedKey */
export function connectCopyButton(button, getText, copiedKey) {
	const label = query(button, "span");
	button.addEventListener("click", async () => {
		if (!(await copyText(getText()))) return;
		setText(label, t(copiedKey));
		setTimeout(() => setText(label, t(/** @type {TextKey} */ (label.dataset.i18n))), COPIED_MS);
	});
}

/** @param {string} text @returns {Promise<boolean>} whether it was copied */
export async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement("textarea");
		area.className = "visually-hidden";
		area.value = text;
		document.body.append(area);
		area.select();
		const copied = document.execCommand("copy");
		area.remove();
		return copied;
	}
}
