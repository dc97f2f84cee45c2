/** The words that were hard to hear, for the review: each is accepted, or corrected by typing. */

import { t } from "../i18n.js";
import { h } from "../lib/dom.js";
import { formatPercent } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { replaceText } from "./edits.js";
import { wordPositions } from "./text-positions.js";

const PROBABILITIES = [0.2, 0.35, 0.5, 0.65, 0.8];
const DEFAULT_PROBABILITY = 0.5;
/** Shown before and after a word. */
const CONTEXT_WORDS = 8;

/** @param {OpenTranscript} open @param {() => void} onChange which of them are shown @returns {ReviewSource} */
export function unsureWordsSource({ id, session }, onChange) {
	/** Ids of the words that are right. */
	const accepted = new Set(load(`accepted.${id}`, /** @type {string[]} */ ([])));
	/** Ids of those that are left for later. */
	const skipped = new Set();
	const select = h("select", {}, ...PROBABILITIES.map((value) => h("option", { value }, t("review.below", { percent: formatPercent(100 * value) }))));
	select.value = String(load("unsureBelow", DEFAULT_PROBABILITY));
	select.ariaLabel = t("review.probability");
	select.addEventListener("change", () => {
		save("unsureBelow", Number(select.value));
		onChange();
	});

	/** @param {Segment} segment @param {number} line @returns {ReviewItem[]} */
	function itemsOf(segment, line) {
		const text = segment.text.trim();
		const unsure = wordPositions(segment).filter(({ probability }) => probability < Number(select.value));
		return unsure.map(({ from, to, start, end }) => ({
			id: `${start.toFixed(2)} ${text.slice(from, to)}`,
			start,
			end,
			places: [{ line, from, to }],
			before: words(`${session.lines[line - 1]?.text ?? ""} ${text.slice(0, from)}`).slice(-CONTEXT_WORDS).join(" "),
			text: text.slice(from, to),
			otherText: null,
			after: words(`${text.slice(to)} ${session.lines[line + 1]?.text ?? ""}`).slice(0, CONTEXT_WORDS).join(" "),
		}));
	}

	/** @param {ReviewItem} item */
	function markAccepted(item) {
		accepted.add(item.id);
		save(`accepted.${id}`, [...accepted]);
	}

	return {
		title: t("review.unsure"),
		controls: [h("span", { class: "select quiet" }, select)],
		isTyped: true,
		items: () => session.lines.flatMap(itemsOf).filter((item) => !accepted.has(item.id) && !skipped.has(item.id)),
		keep: (item) => skipped.add(item.id),
		accept: async (item, text) => {
			const [place] = item.places;
			if (text.trim() === item.text || !place) return markAccepted(item);
			const line = session.lines[place.line]?.text.trim() ?? "";
			const corrected = [line.slice(0, place.from), text.trim(), line.slice(place.to)].join("");
			session.change(replaceText(session.lines, place.line, corrected.replace(/\s+/g, " ").trim()));
			await session.save();
		},
	};
}

/** @param {string} text */
function words(text) {
	return text.split(/\s+/).filter(Boolean);
}
