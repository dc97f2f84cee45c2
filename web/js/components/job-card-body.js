/** The part of a job's card that opens: the text, and for a finished job the links to the editor and to downloads. */

import { localize, t } from "../i18n.js";
import { connectCopyButton } from "../lib/clipboard.js";
import { cloneTemplate, query, queryEach, setVisible } from "../lib/dom.js";
import { transcriptHref } from "../router.js";
import { downloadLinks } from "./download-links.js";
import { transcriptText } from "./transcript-text.js";

/** The editor has all formats. */
const COMMON_FORMATS = ["txt", "srt", "vtt", "docx"];

/** @param {string} id */
export function jobCardBody(id) {
	/** @type {JobEntry|undefined} */
	let shown;
	const element = cloneTemplate("job-card-body");
	const [text, noSpeech, tools, copy] = queryEach(element, ".text", ".hint", ".tools", ".copy");
	const transcript = transcriptText(text, (seconds) => (location.hash = transcriptHref(id, seconds)));
	const plainText = () => (shown?.result?.text ?? (shown?.segments ?? []).map((segment) => segment.text).join("")).trim();
	element.id = `text-${id}`;
	query(element, ".primary", HTMLAnchorElement).href = transcriptHref(id);
	connectCopyButton(copy, plainText, "job.copied");
	tools.append(downloadLinks(id, COMMON_FORMATS));
	localize(tools);
	return {
		element,

		/** @param {JobEntry} entry */
		update(entry) {
			const { job, segments, result } = entry;
			shown = entry;
			const isCompleted = job.status === "completed";
			const unsegmented = result && !segments.length ? result.text.trim() : "";
			const showTimes = job.options?.return_timestamps !== false;
			transcript.update(segments, unsegmented, { showTimes, isPlayable: isCompleted, isLive: job.status === "processing" });
			text.setAttribute("aria-label", t("job.text", { name: job.filename }));
			if (result?.language) text.lang = job.options?.task === "translate" ? "en" : result.language;
			setVisible(text, segments.length > 0 || unsegmented !== "");
			setVisible(noSpeech, result !== null && !segments.length && !unsegmented);
			setVisible(tools, isCompleted);
		},
	};
}
