/** What can be done with several jobs at once, while they can be selected. */

import { archiveUrl } from "../api.js";
import { t } from "../i18n.js";
import { query, queryEach, setText, setVisible } from "../lib/dom.js";
import { visibleIds } from "./job-list.js";

/** @type {Component} */
export function bulkBar(element, app) {
	const { store, actions, commands } = app;
	const [count, tag, remove, exportButton, end] = queryEach(element, "#bulk-count", "#bulk-tag", "#bulk-remove", "#bulk-export", "#bulk-end");
	const all = query(element, "#select-all", HTMLInputElement);
	const select = (/** @type {readonly string[]|null} */ ids) => store.dispatch({ type: "selection/changed", data: ids });
	const selected = () => store.state.selected ?? [];
	const finished = () => selected().filter((id) => store.state.entries[id]?.job.status === "completed");
	all.addEventListener("change", () => select(all.checked ? visibleIds(store.state) : []));
	end.addEventListener("click", () => select(null));
	tag.addEventListener("click", () => app.describe(selected()));
	remove.addEventListener("click", () => {
		actions.remove(...selected());
		select(null);
	});
	exportButton.addEventListener("click", () => {
		const ids = finished();
		app.openExport({
			title: ids.length === 1 ? (store.state.entries[ids[0] ?? ""]?.job.filename ?? "") : t("bulk.several", { count: ids.length }),
			address: (format, layout) => archiveUrl(ids, format, layout),
			hasPreview: false,
			hasSpeakers: true,
			hasWords: true,
			check: null,
			show: () => undefined,
		});
	});
	commands.register({ "list:select": () => select(selected()) });

	return (state, before) => {
		const { selected: ids, entries } = state;
		if (before && ids === before.selected && entries === before.entries) return;
		document.documentElement.dataset.selecting = String(ids !== null);
		setVisible(element, ids !== null);
		if (!ids) return;
		setText(count, t("bulk.count", { count: ids.length }));
		all.checked = ids.length > 0 && ids.length === visibleIds(state).length;
		all.indeterminate = ids.length > 0 && !all.checked;
		for (const button of [tag, remove]) button.toggleAttribute("disabled", !ids.length);
		exportButton.toggleAttribute("disabled", !finished().length);
	};
}
