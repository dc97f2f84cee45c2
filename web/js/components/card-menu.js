/** The menu of a job's card: copy, save, start over, remove. */

import { api, transcriptUrl } from "../api.js";
import { t } from "../i18n.js";
import { hasEnded, hasText } from "../job-reducer.js";
import { h, icon, setChildren } from "../lib/dom.js";

/** The desk has all formats. */
const COMMON_FORMATS = ["txt", "docx", "srt", "vtt"];

/** Its items are created when it opens: a long list has thousands of cards. @param {string} id @param {App} app */
export function cardMenu(id, app) {
	const { store, actions, selectedOptions } = app;
	const summary = h("summary", { class: "button ghost round small" }, icon("more"));
	const items = h("div", { class: "menu-items" });
	const element = h("details", { class: "menu" }, summary, items);
	element.addEventListener("toggle", () => {
		const job = store.state.entries[id]?.job;
		element.closest(".card")?.toggleAttribute("data-menu", element.open);
		if (element.open && job) setChildren(items, ...itemsFor(job));
	});

	/** @param {Job} job */
	function itemsFor(job) {
		const isRetryable = job.status === "failed" || job.status === "cancelled";
		return [
			...(hasText(job) ? [item("job.copy", "copy", () => api.transcriptText(id).then((text) => app.copy(text), () => undefined)), saveLinks(job)] : []),
			...(isRetryable && hasText(job) ? [item("job.start_over", "retry", () => actions.retry(id, undefined, true))] : []),
			...(isRetryable ? [item("job.retry_other", "retry", () => actions.retry(id, selectedOptions()))] : []),
			...(hasEnded(job.status) ? [item("describe.title", "tag", () => app.describe([id]))] : []),
			...(hasEnded(job.status) ? [item("job.remove", "trash", () => actions.remove(id))] : []),
		];
	}

	/** @param {TextKey} key @param {IconName} iconName @param {() => void} onclick */
	function item(key, iconName, onclick) {
		return h("button", { class: "menu-item", onclick }, icon(iconName), h("span", { t: key }));
	}

	/** @param {Job} job */
	function saveLinks({ status }) {
		const links = COMMON_FORMATS.map((format) =>
			h("a", { class: "format menu-item", href: transcriptUrl(id, format, status !== "completed"), download: true }, format));
		return h("div", {}, h("p", { class: "menu-title", t: "job.save" }), h("div", { class: "formats" }, ...links));
	}

	return {
		element,

		/** @param {Job} job */
		update(job) {
			summary.ariaLabel = t("job.more", { name: job.filename });
			element.hidden = !hasText(job) && !hasEnded(job.status);
		},
	};
}
