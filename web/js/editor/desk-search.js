/** Finding and replacing in the transcript on the desk. */

import { t } from "../i18n.js";
import { query, setText, setTextOrHide, setVisible } from "../lib/dom.js";

/**
 * @param {HTMLElement} desk @param {App} app
 * @param {{current: () => OpenTranscript|undefined, canReplace: () => boolean}} host
 */
export function deskSearch(desk, app, { current, canReplace }) {
	const input = query(desk, "#find", HTMLInputElement);
	const replacement = query(desk, "#replacement", HTMLInputElement);
	const matchCase = query(desk, "#match-case", HTMLInputElement);
	const wholeWords = query(desk, "#whole-words", HTMLInputElement);
	const replaceBar = query(desk, ".replace-bar");
	const matchCount = query(desk, "#match-count");
	const marks = () => current()?.lines.marks;
	input.addEventListener("input", find);
	for (const [field, onEnter] of /** @type {const} */ ([[input, showMatch], [replacement, replaceMatch]])) {
		field.addEventListener("keydown", ({ key, shiftKey }) => {
			if (key === "Enter") onEnter(shiftKey ? -1 : 1);
			if (key === "Escape") end();
		});
	}
	for (const box of [matchCase, wholeWords]) box.addEventListener("change", find);
	app.commands.register({
		"editor:search": start,
		"editor:end-search": end,
		"editor:previous-match": () => showMatch(-1),
		"editor:next-match": () => showMatch(1),
		"editor:replace": startReplacing,
		"editor:replace-match": replaceMatch,
		"editor:replace-matches": replaceMatches,
		"editor:replace-everywhere": () => app.replaceEverywhere(input.value, replacement.value),
	});

	/** On narrow screens the field appears when it is needed. */
	function start() {
		desk.dataset.finding = "true";
		input.select();
	}

	/** @returns {boolean} whether a search was open */
	function end() {
		const wasOpen = "finding" in desk.dataset || input.value !== "";
		delete desk.dataset.finding;
		setVisible(replaceBar, false);
		input.value = "";
		find();
		return wasOpen;
	}

	function find() {
		const options = replaceBar.hidden ? {} : { matchCase: matchCase.checked, wholeWords: wholeWords.checked };
		const total = marks()?.find(input.value, options) ?? 0;
		setTextOrHide(matchCount, input.value.trim() ? t("page.part_of_total", { part: 0, total }) : "");
		if (total) showMatch(1);
	}

	/** @param {1|-1} direction */
	function showMatch(direction) {
		const part = marks()?.showMatch(direction);
		if (part) showPart(part);
	}

	/** @param {number} part */
	function showPart(part) {
		setText(matchCount, t("page.part_of_total", { part, total: marks()?.matchCount ?? 0 }));
	}

	function startReplacing() {
		if (!canReplace()) return;
		start();
		setVisible(replaceBar, true);
		find();
	}

	function replaceMatch() {
		showPart(marks()?.replace(replacement.value) ?? 0);
	}

	function replaceMatches() {
		const count = marks()?.replaceAll(replacement.value) ?? 0;
		find();
		if (count) app.toast.show(t("replace.done", { count }), "edit.undo", () => current()?.session.undo());
	}

	return {
		end,

		/** @param {string} text */
		show(text) {
			desk.dataset.finding = "true";
			input.value = text;
			find();
		},

		/** Once there are lines to search. */
		refresh() {
			if (input.value && !marks()?.matchCount) find();
		},
	};
}
