/** What speakers are called. */

import { t } from "../i18n.js";
import { setTextOrHide } from "../lib/dom.js";

/** Stays the same when others are joined. @param {JobSpeaker} speaker */
export const numberOf = ({ id }) => Number(id.slice(1));

/** @param {JobSpeaker} speaker */
export function nameOf(speaker) {
	return speaker.name || t("speakers.unnamed", { number: numberOf(speaker) });
}

/** How many people speak in a recording, and who, as far as they are named. @param {HTMLElement} element @param {readonly JobSpeaker[]} speakers */
export function showSpeakers(element, speakers) {
	const count = speakers.length;
	const names = speakers.some(({ name }) => name) ? `: ${speakers.map(nameOf).join(", ")}` : "";
	setTextOrHide(element, count > 1 ? t("speakers.count", { count }) + names : "");
}
