/** What the keyboard does: the table that keys.js obeys, to read. */

import { h, one } from "../lib/dom.js";
import { KEYS } from "../keys.js";

/** @type {Part} */
export function helpDialog(element, { deeds }) {
	const dialog = one(element, "dialog", HTMLDialogElement);
	const rows = KEYS.map(([, shown, does]) => h("div", {}, h("dt", {}, ...shown.split(" ").map((key) => h("kbd", {}, key))), h("dd", { t: does })));
	one(dialog, "dl", HTMLElement).append(...rows);
	one(dialog, "button", HTMLElement).addEventListener("click", () => dialog.close());
	deeds.help = () => (dialog.open ? dialog.close() : dialog.showModal());
}
