/** Links that download a job's transcript. */

import { transcriptUrl } from "../api.js";
import { h, icon } from "../lib/dom.js";

/** @param {string} id @param {readonly string[]} formats */
export function downloadLinks(id, formats) {
	const links = formats.map((format) => h("a", { href: transcriptUrl(id, format), download: true, class: "format" }, format));
	return h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
}
