/** What speakers are called. */

import { t } from "../i18n.js";
import { setTextOrHide } from "../lib/dom.js";

/** @param {JobSpeaker} speaker */
export function nameOf({ id, name }) {
	return name || t("speakers.unnamed", { number: id.slice(1) });
}

/** Who speaks in a recording of several people. @param {HTMLElement} element @param {readonly JobSpeaker[]} speakers */
export function showSpeakers(element, speakers) {
	const count = speakers.length;
	setTextOrHide(element, count > 1 ? t("speakers.listed", { count, names: speakers.map(nameOf).join(", ") }) : "");
}
