/** The inside of a job's card: its text, and once it is done the way to the desk, copy and downloads. */

import { transcriptUrl } from "../api.js";
import { localize, t } from "../i18n.js";
import { connectCopyButton } from "../lib/clipboard.js";
import { queryEach, h, icon, query, setVisible, cloneTemplate } from "../lib/dom.js";
import { transcriptText } from "./transcript-text.js";

/** The desk has all. */
const FORMATS = ["txt", "srt", "vtt", "docx"];

/** Where a job's desk is; the page listens to its address. @param {string} id @param {number} [from] seconds @param {string} [query] */
export function transcriptHref(id, from, query) {
	const more = new URLSearchParams({ ...(from !== undefined && { t: String(from) }), ...(query && { q: query }) });
	return `#/job/${id}${more.size ? `?${more}` : ""}`;
}

/** @param {string} id @param {readonly string[]} formats */
export function downloadLinks(id, formats) {
	const links = formats.map((format) => h("a", { href: transcriptUrl(id, format), download: true, class: "format" }, format));
	return h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
}

/** @param {string} id */
export function jobCardBody(id) {
	/** @type {JobEntry|undefined} */
	let shown;
	const element = cloneTemplate("job-body");
	const [text, nothing, tools, copy] = queryEach(element, ".text", ".hint", ".tools", ".copy");
	const lines = transcriptText(text, (seconds) => (location.hash = transcriptHref(id, seconds)));
	const plain = () => (shown?.result?.text ?? (shown?.segments ?? []).map((segment) => segment.text).join("")).trim();
	element.id = `text-${id}`;
	query(element, ".primary", HTMLAnchorElement).href = transcriptHref(id);
	connectCopyButton(copy, plain);
	tools.append(downloadLinks(id, FORMATS));
	localize(tools);
	return {
		element,

		/** @param {JobEntry} entry */
		update(entry) {
			const { job, segments, result } = entry;
			shown = entry;
			const done = job.status === "completed";
			const lineless = result && !segments.length ? result.text.trim() : "";
			const times = job.options?.return_timestamps !== false;
			lines.update(segments, lineless, { times, playable: done, live: job.status === "processing" });
			text.setAttribute("aria-label", t("job.text", { name: job.filename }));
			if (result?.language) text.lang = job.options?.task === "translate" ? "en" : result.language;
			setVisible(text, segments.length > 0 || lineless !== "");
			setVisible(nothing, result !== null && !segments.length && !lineless);
			setVisible(tools, done);
		},
	};
}
