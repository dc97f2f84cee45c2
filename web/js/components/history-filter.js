/** Looks for jobs: words of their names and texts, and their state. */

import { one } from "../lib/dom.js";

const PAUSE_MS = 200;

/** @type {Part} */
export function historyFilter(element, { actions, deeds }) {
	const query = one(element, "input", HTMLInputElement);
	const states = one(element, "select", HTMLSelectElement);
	/** @type {Timer} */
	let timer;
	query.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => actions.filter({ q: query.value.trim() }), PAUSE_MS);
	});
	states.addEventListener("change", () => actions.filter({ status: states.value }));
	deeds["home search"] = () => query.select();
}
