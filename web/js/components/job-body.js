/** The inside of a job's card: its text, and once it is done the way to the desk, copy and downloads. */

import { transcriptAddress } from "../api.js";
import { localize, t } from "../i18n.js";
import { copies } from "../lib/clipboard.js";
import { all, h, icon, one, show, stamp } from "../lib/dom.js";
import { transcriptText } from "./transcript-text.js";

/** The desk has all. */
const FORMATS = ["txt", "srt", "vtt", "docx"];

/** Where a job's desk is; the page listens to its address. @param {string} id @param {number} [from] seconds @param {string} [query] */
export function deskAddress(id, from, query) {
	const more = new URLSearchParams({ ...(from !== undefined && { t: String(from) }), ...(query && { q: query }) });
	return `#/job/${id}${more.size ? `?${more}` : ""}`;
}

/** @param {string} id @param {readonly string[]} formats */
export function saveLinks(id, formats) {
	const links = formats.map((format) => h("a", { href: transcriptAddress(id, format), download: true, class: "format" }, format));
	return h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
}

/** @param {string} id */
export function jobBody(id) {
	/** @type {Entry|undefined} */
	let shown;
	const element = stamp("job-body");
	const [text, nothing, tools, copy] = all(element, ".text", ".hint", ".tools", ".copy");
	const lines = transcriptText(text, (seconds) => (location.hash = deskAddress(id, seconds)));
	const plain = () => (shown?.result?.text ?? (shown?.segments ?? []).map((segment) => segment.text).join("")).trim();
	element.id = `text-${id}`;
	one(element, ".primary", HTMLAnchorElement).href = deskAddress(id);
	copies(copy, plain);
	tools.append(saveLinks(id, FORMATS));
	localize(tools);
	return {
		element,

		/** @param {Entry} entry */
		update(entry) {
			const { job, segments, result } = entry;
			shown = entry;
			const done = job.status === "completed";
			const lineless = result && !segments.length ? result.text.trim() : "";
			const times = job.options?.return_timestamps !== false;
			lines.update(segments, lineless, { times, playable: done, live: job.status === "processing" });
			text.setAttribute("aria-label", t("job.text", { name: job.filename }));
			if (result?.language) text.lang = job.options?.task === "translate" ? "en" : result.language;
			show(text, segments.length > 0 || lineless !== "");
			show(nothing, result !== null && !segments.length && !lineless);
			show(tools, done);
		},
	};
}
