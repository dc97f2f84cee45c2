/** The list of keyboard shortcuts. */

import { h, query } from "../lib/dom.js";
import { SHORTCUTS } from "../shortcuts.js";

/** @type {Component} */
export function helpDialog(element, { commands }, signal) {
	const dialog = query(element, "dialog", HTMLDialogElement);
	const rows = SHORTCUTS.map(({ label, description }) => {
		const keys = label.split(" ").map((key) => h("kbd", {}, key));
		return h("div", {}, h("dt", {}, ...keys), h("dd", { t: description }));
	});
	query(dialog, "dl").replaceChildren(...rows);
	query(dialog, "button").addEventListener("click", () => dialog.close(), { signal });
	commands.register({ help: () => (dialog.open ? dialog.close() : dialog.showModal()) });
}
