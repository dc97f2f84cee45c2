/** The name and the tags of a transcript, or tags for several. */

import { t } from "../i18n.js";
import { h, query, setText, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";
import { stemOf } from "../lib/format.js";

/** @type {Component} */
export function describeDialog(element, app) {
	const { api, store } = app;
	const { dialog, form, open } = formDialog(element, "dialog", saveAll);
	const [name, tags] = [query(form, "[name=filename]", HTMLInputElement), query(form, "[name=tags]", HTMLInputElement)];
	const known = query(form, "#known-tags");
	/** @type {readonly string[]} */
	let ids = [];
	tags.addEventListener("input", renderKnown);
	app.describe = (wanted) => {
		ids = wanted;
		const [first] = jobs();
		if (!first) return;
		name.value = stemOf(first.filename); // the extension stays
		tags.value = ids.length === 1 ? first.tags.join(", ") : "";
		setVisible(/** @type {HTMLElement} */ (name.parentElement), ids.length === 1);
		setText(query(form, "[for=describe-tags]"), t(ids.length === 1 ? "describe.tags" : "describe.add_tags", { count: ids.length }));
		renderKnown();
		open();
		(ids.length === 1 ? name : tags).select();
	};

	/** @returns {Job[]} */
	function jobs() {
		return ids.flatMap((id) => store.state.entries[id]?.job ?? []);
	}

	/** Tags of other jobs, to choose from. */
	function renderKnown() {
		const all = new Set(Object.values(store.state.entries).flatMap(({ job }) => job.tags ?? []));
		const used = tagsIn(tags.value);
		const choices = [...all].filter((tag) => !used.includes(tag)).sort((a, b) => a.localeCompare(b));
		known.replaceChildren(...choices.map((tag) => {
			const onclick = () => {
				tags.value = [...tagsIn(tags.value), tag].join(", ");
				renderKnown();
				tags.focus();
			};
			return h("button", { class: "tag", onclick }, tag);
		}));
	}

	async function saveAll() {
		const added = tagsIn(tags.value);
		for (const job of jobs()) {
			const changes = ids.length === 1 ? { filename: name.value, tags: added } : { tags: [...job.tags, ...added] };
			store.dispatch({ type: "job", data: await api.describe(job.job_id, changes) });
		}
		dialog.close();
	}
}

/** @param {string} text with commas between the tags */
function tagsIn(text) {
	return text.split(",").map((tag) => tag.trim()).filter(Boolean);
}
