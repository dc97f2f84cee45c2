/** What a person does to the lines of a transcript. Pure: untouched lines stay the same objects. */

import { timeAtOffset } from "./text-positions.js";

/** @param {Lines} lines @param {number} at @returns {Segment} */
function lineOf(lines, at) {
	const line = lines[at];
	if (!line) throw new RangeError(`no line ${at}`);
	return line;
}

/** @param {Lines} lines @param {number} at @param {string} text */
export function replaceText(lines, at, text) {
	const { words: _, ...line } = lineOf(lines, at);
	return line.text.trim() === text.trim() ? lines : lines.toSpliced(at, 1, { ...line, text });
}

/** At an offset in its text; a half that would be empty is not made. @param {Lines} lines @param {number} at @param {number} offset */
export function split(lines, at, offset) {
	const line = lineOf(lines, at);
	const text = line.text.trim();
	const [head, tail] = [text.slice(0, offset).trim(), text.slice(offset).trim()];
	if (!head || !tail) return lines;
	const time = rounded(timeAtOffset(line, offset));
	const words = line.words;
	const first = { ...line, end: time, text: head, words: words?.filter((word) => word.start < time) };
	const second = { ...line, start: time, text: tail, words: words?.filter((word) => word.start >= time) };
	return lines.toSpliced(at, 1, first, second);
}

/** A line and the one behind it become one. @param {Lines} lines @param {number} at */
export function merge(lines, at) {
	const [first, second] = [lineOf(lines, at), lines[at + 1]];
	if (!second) return lines;
	const words = first.words && second.words ? [...first.words, ...second.words] : undefined;
	const text = [first.text.trim(), second.text.trim()].filter(Boolean).join(" ");
	return lines.toSpliced(at, 2, { ...first, end: Math.max(first.end, second.end), text, words });
}

/** @param {Lines} lines @param {number} at */
export function removeLine(lines, at) {
	return lines.toSpliced(at, 1);
}

/** It never ends before it begins. @param {Lines} lines @param {number} at @param {"start"|"end"} edge @param {number} time */
export function setLineTime(lines, at, edge, time) {
	const line = lineOf(lines, at);
	const to = rounded(Math.max(time, 0));
	const next = { ...line, [edge]: to };
	if (next.end < next.start) next[edge === "start" ? "end" : "start"] = to;
	return lines.toSpliced(at, 1, next);
}

/** @param {number} time */
function rounded(time) {
	return Math.round(time * 100) / 100;
}

/** The smallest change that makes `after` of `before`. @param {Lines} before @param {Lines} after @param {typeof same} [equal] */
export function diffLines(before, after, equal = same) {
	const shorter = Math.min(before.length, after.length);
	let at = 0;
	while (at < shorter && equal(before[at], after[at])) at += 1;
	let tail = 0;
	while (tail < shorter - at && equal(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
	return { at, remove: before.length - at - tail, put: after.slice(at, after.length - tail) };
}

/** @param {Segment|undefined} a @param {Segment|undefined} b */
function same(a, b) {
	return a === b || (a?.start === b?.start && a?.end === b?.end && a?.text.trim() === b?.text.trim());
}
