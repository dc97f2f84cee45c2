/** The differences between the text on the desk and another text of the recording, for the review. */

import { t } from "../i18n.js";
import { h, setText } from "../lib/dom.js";

/**
 * @param {Api} api @param {OpenTranscript} open @param {string} otherId with the job's own: the machine's text
 * @param {string} title @param {() => void} onChange which of them are shown
 * @returns {Promise<ReviewSource & {count: number}>}
 */
export async function differencesSource(api, { id, session }, otherId, title, onChange) {
	/** @type {Difference[]} */
	let found = [];
	let version = -1;
	let isLoading = false;
	/** Ids of those that were decided against. */
	const kept = new Set();
	const checkbox = h("input", { type: "checkbox" });
	const label = h("span");
	const control = h("label", { class: "check" }, checkbox, label);
	checkbox.addEventListener("change", onChange);
	await load();

	async function load() {
		isLoading = true;
		try {
			({ version, differences: found } = await api.differences(id, otherId));
		} finally {
			isLoading = false;
		}
	}

	function left() {
		const undecided = found.filter((each) => !kept.has(each.id));
		const spelling = undecided.filter((each) => each.is_spelling).length;
		setText(label, t("review.spelling", { count: spelling }));
		control.hidden = !spelling;
		return undecided.filter((each) => checkbox.checked || !each.is_spelling);
	}

	/** @param {readonly string[]} ids */
	async function takeOver(ids) {
		await session.takeFromServer((latest) => api.takeOver(id, otherId, latest, ids));
		await load();
	}

	/** @param {Difference} difference @returns {ReviewItem} */
	function toItem({ text, other_text, places, ...difference }) {
		const inTrimmed = places.map(({ segment, start, end }) => {
			const line = session.lines[segment]?.text ?? "";
			const lead = line.length - line.trimStart().length;
			// where words are missing, the one before is marked
			const isMissing = start === end;
			const from = isMissing ? line.slice(0, start).trimEnd().lastIndexOf(" ") + 1 : end - line.slice(start, end).trimStart().length;
			return { line: segment, from: Math.max(from - lead, 0), to: end - lead };
		});
		return { ...difference, text, otherText: other_text, places: inTrimmed };
	}

	return {
		title,
		controls: [control],
		isTyped: false,
		items: () => left().map(toItem),
		accept: (item) => takeOver([item.id]),
		keep: (item) => kept.add(item.id),
		acceptAll: () => takeOver(left().map((each) => each.id)),
		update: () => (session.isDirty || isLoading || session.version === version ? undefined : load()),

		get count() {
			return left().length;
		},
	};
}
