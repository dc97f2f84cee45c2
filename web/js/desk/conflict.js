/** Two versions of the same lines: both are shown, one is chosen. */

import { button, h, fill } from "../lib/dom.js";
import { differing } from "../lib/edits.js";

/** @param {Element} element @param {Lines} theirs @param {Lines} mine @param {(side: "mine"|"theirs") => void} choose */
export function showConflict(element, theirs, mine, choose) {
	const { at, remove, put } = differing(theirs, mine);
	const sides = [
		side("conflict.theirs", theirs.slice(at, at + remove), button("small", "conflict.take", () => choose("theirs"))),
		side("conflict.mine", put, button("small", "conflict.keep", () => choose("mine"))),
	];
	fill(element, h("h3", { t: "conflict.title" }), h("p", { class: "hint", t: "conflict.hint" }), h("div", { class: "sides" }, ...sides));
}

/** @param {Key} title @param {Lines} lines @param {HTMLElement} choice */
function side(title, lines, choice) {
	return h("div", {}, h("h4", { t: title }), h("blockquote", { dir: "auto" }, lines.map((line) => line.text.trim()).join(" ") || "—"), choice);
}
