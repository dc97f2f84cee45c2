/** The keyboard: one table, obeyed and shown by the help. */

import { h, query } from "./lib/dom.js";

/** The last names one of the commands given to listen(). @type {readonly [keys: string[], shown: string, does: TextKey, run: string][]} */
export const KEYS = [
	[["?"], "?", "help.help", "help"],
	[["/"], "/", "filter.search", "search"],
	[["o"], "O", "drop.choose", "choose"],
	[["r"], "R", "record.start", "record"],
	[[" ", "k"], "Space K", "help.play", "play"],
	[["ArrowLeft", "j"], "← J", "desk.back5", "back"],
	[["ArrowRight", "l"], "→ L", "desk.ahead5", "ahead"],
	[["<", ","], "<", "help.slower", "slower"],
	[[">", "."], ">", "help.faster", "faster"],
	[["e"], "E", "edit.correct", "correct"],
	[["ctrl+z"], "Ctrl+Z", "edit.undo", "undo"],
	[["ctrl+shift+z", "ctrl+y"], "Ctrl+Shift+Z", "edit.redo", "redo"],
	[["Escape"], "Esc", "desk.close", "leave"],
];
const WRITING = "input, textarea, select, [contenteditable]";
const OWN_SPACE = "button, a, summary, audio";

/** @param {(deed: string) => (() => void)|undefined} deedOf what a deed is here and now; undefined: nothing */
export function listen(deedOf) {
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
		const target = event.target instanceof Element ? event.target : document.body;
		const modified = event.ctrlKey || event.metaKey;
		const own = event.key.length === 1 ? event.key.toLowerCase() : event.key;
		const key = modified ? `ctrl+${event.shiftKey ? "shift+" : ""}${own}` : own;
		const row = event.altKey ? undefined : KEYS.find(([keys]) => keys.includes(key));
		if (!row) return;
		const corrects = target.closest("[contenteditable]") !== null;
		if (target.closest(WRITING) && !(corrects && (modified || key === "Escape"))) return;
		if (key === " " && target.closest(OWN_SPACE)) return;
		const deed = deedOf(row[3]);
		if (!deed) return;
		event.preventDefault();
		deed();
	});
}

/** What the keyboard does, to read. @type {Component} */
export function helpDialog(element, { commands }) {
	const dialog = query(element, "dialog", HTMLDialogElement);
	const rows = KEYS.map(([, shown, does]) => h("div", {}, h("dt", {}, ...shown.split(" ").map((key) => h("kbd", {}, key))), h("dd", { t: does })));
	query(dialog, "dl").append(...rows);
	query(dialog, "button").addEventListener("click", () => dialog.close());
	commands.help = () => (dialog.open ? dialog.close() : dialog.showModal());
}
