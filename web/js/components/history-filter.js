/** Searches the jobs' names and texts, and filters them by status. */

import { t } from "../i18n.js";
import { query, setTextOrHide, setVisible } from "../lib/dom.js";

const DEBOUNCE_MS = 200;

/** @type {Component} */
export function historyFilter(element, app) {
	const { actions, commands } = app;
	const searchInput = query(element, "input", HTMLInputElement);
	const statusSelect = query(element, "select", HTMLSelectElement);
	/** @type {Timer} */
	let timer;
	searchInput.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => actions.filter({ q: searchInput.value.trim() }), DEBOUNCE_MS);
	});
	statusSelect.addEventListener("change", () => actions.filter({ status: statusSelect.value }));
	const tag = query(element, "#tag-filter");
	tag.addEventListener("click", () => actions.filter({ tag: "" }));
	commands.register({
		"list:search": () => searchInput.select(),
		"list:replace": () => app.replaceEverywhere(searchInput.value.trim(), ""),
	});

	return ({ filter }, before) => {
		if (filter.tag === before?.filter.tag) return;
		setTextOrHide(query(tag, "span"), filter.tag);
		setVisible(tag, filter.tag !== "");
		tag.ariaLabel = t("filter.tag", { tag: filter.tag });
	};
}
