/** The tools below the line that is corrected: its times, and what can be done with it. */

import { t } from "../i18n.js";
import { cloneTemplate, closest } from "../lib/dom.js";
import { formatTime, parseTime } from "../lib/format.js";
import { insertLine, mergeLines, removeLine, setLineTime, splitLine, timeLimits } from "./edits.js";

/**
 * @typedef {object} EditedLines
 * @property {() => Lines} lines
 * @property {(target: Element) => number} indexOf
 * @property {(index: number) => number} caretIn the caret's offset in a line
 * @property {(index: number, offset: number) => void} focusLine
 */

/** @param {LinesHost} host @param {EditedLines} edited @param {AbortSignal} signal */
export function lineTools(host, { lines, indexOf, caretIn, focusLine }, signal) {
	const element = cloneTemplate("line-tools");
	const timeFields = /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll("input")]);
	/** By data-tool. @type {Record<string, (index: number) => void>} */
	const TOOLS = {
		start: (index) => setTime(index, "start", host.currentTime()),
		end: (index) => setTime(index, "end", host.currentTime()),
		insert,
		split,
		merge,
		remove,
	};
	element.addEventListener("mousedown", (event) => event.target instanceof HTMLInputElement || event.preventDefault(), { signal }); // keeps the caret in the line
	element.addEventListener("change", ({ target }) => {
		if (!(target instanceof HTMLInputElement)) return;
		const index = indexOf(element);
		setTime(index, edgeOf(target), parseTime(target.value));
		target.value = formatTime(lines()[index]?.[edgeOf(target)] ?? 0, 1);
	}, { signal });
	element.addEventListener("click", ({ target }) => {
		const tool = closest(target, "button")?.dataset.tool;
		if (tool) TOOLS[tool]?.(indexOf(element));
	}, { signal });

	/** Splits the line at the caret. @param {number} index */
	function split(index) {
		host.change(splitLine(lines(), index, caretIn(index)));
		focusLine(index + 1, 0);
	}

	/** Joins the line with the next one. @param {number} index */
	function merge(index) {
		const offset = lines()[index]?.text.trim().length ?? 0;
		host.change(mergeLines(lines(), index));
		focusLine(index, offset);
	}

	/** Or says why that isn't possible. @param {number} index @param {"start"|"end"} edge @param {number} time */
	function setTime(index, edge, time) {
		if (Number.isNaN(time)) return host.refuse(t("time.unreadable"));
		const { min, max } = timeLimits(lines(), index, edge);
		if (formatTime(time, 1) === formatTime(lines()[index]?.[edge] ?? -1, 1)) return;
		const changed = setLineTime(lines(), index, edge, time);
		if (changed !== lines()) return host.change(changed);
		const limits = { min: formatTime(min, 1), max: formatTime(max, 1), time: formatTime(time, 1) };
		host.refuse(t(time < min ? `time.${edge}_too_early` : `time.${edge}_too_late`, limits));
	}

	/** An empty line, with the caret in it. @param {number} index */
	function insert(index) {
		const inserted = insertLine(lines(), index, host.currentTime());
		host.change(inserted.lines);
		focusLine(inserted.index, 0);
	}

	/** @param {number} index */
	function remove(index) {
		host.change(removeLine(lines(), index));
		focusLine(Math.min(index, lines().length - 1), 0);
	}

	return {
		element,
		split,
		merge,

		/** The times of the line that has the tools; not while one is typed. */
		render() {
			const line = lines()[indexOf(element)];
			for (const field of timeFields) {
				if (line && field !== document.activeElement) field.value = formatTime(line[edgeOf(field)], 1);
			}
		},
	};
}

/** @param {HTMLElement} field of a time @returns {"start"|"end"} */
function edgeOf(field) {
	return field.dataset.edge === "end" ? "end" : "start";
}
