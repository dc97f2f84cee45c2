/** One line of a transcript: its time and its text, which stays a single text node however many words it has. */

import { t } from "../i18n.js";
import { h, setText } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const blank = h("div", { class: "line", role: "listitem" },
	h("button", { class: "time figures", tabindex: -1 }), h("span", { class: "line-text", dir: "auto" }));

export function createLine() {
	return /** @type {HTMLElement} */ (blank.cloneNode(true));
}

/** @param {Element|undefined} line */
export function timeElement(line) {
	return /** @type {HTMLElement} */ (line?.children[0]);
}

/** @param {Element|undefined} line */
export function textElement(line) {
	return /** @type {HTMLElement} */ (line?.children[1]);
}

/** @param {EventTarget|null} target @returns {target is HTMLElement} */
export function isLineText(target) {
	return target instanceof HTMLElement && target.classList.contains("line-text");
}

/** @param {HTMLElement} line @param {Segment} segment @param {SpeakerLabels} speakers */
export function renderLine(line, { id, start, end, text, channel, speaker }, speakers) {
	const [time, lineText] = [timeElement(line), textElement(line)];
	const [shownTime, shownEnd] = [formatTime(start, 1), formatTime(end, 1)];
	line.dataset.segment = String(id);
	setText(time, shownTime.slice(0, -2));
	time.dataset.tenths = shownTime.slice(-2);
	time.dataset.end = shownEnd;
	time.title = `${shownTime} – ${shownEnd}`;
	time.ariaLabel = t("job.play_from", { time: shownTime.slice(0, -2) });
	const who = speakers[speaker ?? ""];
	const name = who?.name ?? (channel && !speaker ? channelName(channel) : undefined);
	for (const [key, value] of Object.entries({ channel: name, colour: who?.colour })) {
		if (value) lineText.dataset[key] = value;
		else delete lineText.dataset[key];
	}
	if (lineText.role) labelEditable(line);
	if ((lineText.textContent ?? "").trim() !== text.trim()) lineText.textContent = text.trim();
}

/** In the page's language. @param {string} channel left, right, channel 3 … */
function channelName(channel) {
	if (channel === "left" || channel === "right") return t(`channel.${channel}`);
	return t("channel.number", { number: channel.replace(/\D+/g, "") });
}

/** @param {Element} line */
export function makeEditable(line) {
	const lineText = textElement(line);
	if (lineText.role) return;
	lineText.contentEditable = "plaintext-only";
	lineText.role = "textbox";
	labelEditable(line);
}

/** @param {Element} line */
function labelEditable(line) {
	textElement(line).ariaLabel = t("edit.line", { time: timeElement(line).textContent ?? "" });
}

/** @param {Element} list */
export function endEditing(list) {
	for (const lineText of list.querySelectorAll("[contenteditable]")) {
		for (const name of ["contenteditable", "role", "aria-label"]) lineText.removeAttribute(name);
	}
}
