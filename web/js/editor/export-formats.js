/** The export formats by what they are used for, and which layout options each has. Pure. */

import { t } from "../i18n.js";

const DOCUMENTS = ["docx", "txt", "md", "html"];
const SUBTITLES = ["srt", "vtt", "ass", "ttml", "lrc"];
/** Formats that aren't listed here are data. @type {readonly {name: "document"|"subtitles"|"data", formats?: readonly string[]}[]} */
export const EXPORT_GROUPS = [{ name: "document", formats: DOCUMENTS }, { name: "subtitles", formats: SUBTITLES }, { name: "data" }];
/** How subtitles are cut. */
export const PRESETS = /** @type {const} */ (["whisper", "standard", "netflix", "youtube", "word"]);
/** Their own figures, which the form shows where none is given. @type {Record<string, {max_line_width: string, max_line_count: string}>} */
export const PRESET_FIGURES = {
	whisper: { max_line_width: "", max_line_count: "" },
	standard: { max_line_width: "42", max_line_count: "2" },
	netflix: { max_line_width: "42", max_line_count: "2" },
	youtube: { max_line_width: "32", max_line_count: "2" },
	word: { max_line_width: "", max_line_count: "1" },
};
/** Those whose own names say little. */
const NAMED = /** @type {const} */ (["txt", "html", "csv", "lrc", "audacity", "zip"]);
/** @type {Record<string, string>} */
const LABELS = { docx: "Word", md: "Markdown", srt: "SRT", vtt: "WebVTT", ass: "ASS", ttml: "TTML", json: "JSON", tsv: "TSV", textgrid: "Praat TextGrid", eaf: "ELAN", rttm: "RTTM" };

/** @param {string} format */
export function groupOf(format) {
	return DOCUMENTS.includes(format) ? "document" : SUBTITLES.includes(format) ? "subtitles" : "data";
}

/** @param {string} format */
export function formatLabel(format) {
	const name = NAMED.find((named) => named === format);
	return name ? t(`format.${name}`) : (LABELS[format] ?? format);
}

/** The query's part for the layout, without what the format ignores or what is as by default. @param {string} format @param {Record<string, string|boolean>} chosen @param {boolean} hasWords */
export function layoutQuery(format, chosen, hasWords) {
	const isSubtitles = (SUBTITLES.includes(format) && format !== "lrc") || format === "zip";
	const names = [
		...(DOCUMENTS.includes(format) || format === "zip" ? ["paragraphs"] : []),
		...(isSubtitles && hasWords ? ["max_line_width", "max_line_count", "max_words_per_line", "highlight_words"] : []),
		...(["docx", "html"].includes(format) ? [] : ["bom"]),
	];
	const query = new URLSearchParams(names.flatMap((name) => (chosen[name] ? [[name, String(chosen[name])]] : [])));
	if (chosen.speaker_names === false) query.set("speaker_names", "false");
	if (isSubtitles && hasWords && chosen.subtitles !== "whisper") query.set("subtitles", String(chosen.subtitles));
	return query;
}
