/** The export formats by what they are used for. */

import { transcriptUrl } from "../api.js";
import { h, setChildren } from "../lib/dom.js";

/** Formats that aren't listed here are data. @type {readonly [TextKey, readonly string[]][]} */
const GROUPS = [
	["export.document", ["txt", "docx", "md", "html"]],
	["export.subtitles", ["srt", "vtt", "lrc", "ass", "ttml"]],
	["export.data", []],
];

/** @param {HTMLElement} element @param {string} id @param {readonly string[]} formats @param {boolean} partial */
export function exportLinks(element, id, formats, partial) {
	const known = GROUPS.flatMap(([, names]) => names);
	const groups = GROUPS.flatMap(([title, names]) => {
		const shown = formats.filter((format) => (names.length ? names.includes(format) : !known.includes(format)));
		const links = shown.map((format) => h("a", { href: transcriptUrl(id, format, partial), download: true, class: "format menu-item" }, format));
		return links.length ? [h("p", { class: "menu-title", t: title }), h("div", { class: "formats" }, ...links)] : [];
	});
	setChildren(element, ...groups);
}
