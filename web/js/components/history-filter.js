/** Searches the jobs' names and texts, and filters them by status. */

import { query } from "../lib/dom.js";

const DEBOUNCE_MS = 200;

/** @type {Component} */
export function historyFilter(element, { actions, commands }, signal) {
	const searchInput = query(element, "input", HTMLInputElement);
	const statusSelect = query(element, "select", HTMLSelectElement);
	/** @type {Timer} */
	let timer;
	searchInput.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => actions.filter({ q: searchInput.value.trim() }), DEBOUNCE_MS);
	}, { signal });
	statusSelect.addEventListener("change", () => actions.filter({ status: statusSelect.value }), { signal });
	commands.register({ "list:search": () => searchInput.select() });
}
