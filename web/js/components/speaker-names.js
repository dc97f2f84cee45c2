/** What speakers are called. */

import { t } from "../i18n.js";
import { setTextOrHide } from "../lib/dom.js";

/** @param {JobSpeaker} speaker */
export function nameOf({ id, name }) {
	return name || t("speakers.unnamed", { number: id.slice(1) });
}

/** How many people speak in a recording, and who, as far as they are named. @param {HTMLElement} element @param {readonly JobSpeaker[]} speakers */
export function showSpeakers(element, speakers) {
	const count = speakers.length;
	const names = speakers.some(({ name }) => name) ? `: ${speakers.map(nameOf).join(", ")}` : "";
	setTextOrHide(element, count > 1 ? t("speakers.count", { count }) + names : "");
}
