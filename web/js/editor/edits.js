/** Edits to a transcript's lines. Pure functions: lines that don't change stay the same objects. */

import { timeAtOffset } from "./text-positions.js";

/** The shortest line that times can be set to, or that is split off. */
const MIN_LINE_S = 0.1;
/** How long an inserted line is, where there is room. */
const NEW_LINE_S = 2;

/** @param {Lines} lines @param {number} index @returns {Segment} */
function lineAt(lines, index) {
	const line = lines[index];
	if (!line) throw new RangeError(`no line ${index}`);
	return line;
}

/** Returns the same array if only surrounding space differs. @param {Lines} lines @param {number} index @param {string} text */
export function replaceText(lines, index, text) {
	const { words: _, ...line } = lineAt(lines, index);
	return line.text.trim() === text.trim() ? lines : lines.toSpliced(index, 1, { ...line, text });
}

/** Splits at an offset in the trimmed text, unless one half would be empty. @param {Lines} lines @param {number} index @param {number} offset */
export function splitLine(lines, index, offset) {
	const line = lineAt(lines, index);
	const text = line.text.trim();
	const [head, tail] = [text.slice(0, offset).trim(), text.slice(offset).trim()];
	if (!head || !tail) return lines;
	const shortest = Math.min(MIN_LINE_S, (line.end - line.start) / 2);
	const time = roundTime(Math.max(line.start + shortest, Math.min(timeAtOffset(line, offset), line.end - shortest)));
	const words = line.words;
	const first = { ...line, end: time, text: head, words: words?.filter((word) => word.start < time) };
	const second = { ...line, start: time, text: tail, words: words?.filter((word) => word.start >= time) };
	return lines.toSpliced(index, 1, first, second);
}

/** Joins a line with the next one. @param {Lines} lines @param {number} index */
export function mergeLines(lines, index) {
	const [first, second] = [lineAt(lines, index), lines[index + 1]];
	if (!second) return lines;
	const words = first.words && second.words ? [...first.words, ...second.words] : undefined;
	const text = [first.text.trim(), second.text.trim()].filter(Boolean).join(" ");
	return lines.toSpliced(index, 2, { ...first, end: Math.max(first.end, second.end), text, words });
}

/** @param {Lines} lines @param {number} index */
export function removeLine(lines, index) {
	return lines.toSpliced(index, 1);
}

/**
 * Adds an empty line: at `time` where no line is, otherwise after this one, which makes room for it if need be.
 * @param {Lines} lines @param {number} index @param {number} time @returns {{lines: Lines, index: number}} where the new one is
 */
export function insertLine(lines, index, time) {
	const before = lines.findLastIndex(({ start }) => start <= time);
	const isInGap = (lines[before]?.end ?? 0) <= time && (lines[before + 1]?.start ?? Infinity) - time >= MIN_LINE_S;
	const after = isInGap ? before : index;
	const next = lines[after + 1]?.start ?? Infinity;
	let start = roundTime(isInGap ? time : lineAt(lines, after).end);
	let changed = lines;
	if (next - start < MIN_LINE_S) {
		const line = lineAt(lines, after);
		start = roundTime(line.end - Math.min(NEW_LINE_S, line.end - line.start) / 2);
		changed = lines.with(after, { ...line, end: start });
	}
	const id = Math.max(-1, ...lines.map((line) => line.id)) + 1;
	const line = { id, start, end: roundTime(Math.min(start + NEW_LINE_S, Math.max(next, start + MIN_LINE_S))), text: "" };
	return { lines: changed.toSpliced(after + 1, 0, line), index: after + 1 };
}

/** The earliest and the latest time that an edge can have between its neighbours. @param {Lines} lines @param {number} index @param {"start"|"end"} edge */
export function timeLimits(lines, index, edge) {
	const line = lineAt(lines, index);
	const [previous, next] = [lines[index - 1], lines[index + 1]];
	if (edge === "start") return { min: previous ? roundTime(previous.start + MIN_LINE_S) : 0, max: roundTime(line.end - MIN_LINE_S) };
	return { min: roundTime(line.start + MIN_LINE_S), max: next ? roundTime(next.end - MIN_LINE_S) : Infinity };
}

/**
 * Moves the neighbour's edge too where the lines would overlap. Returns the same array for a time outside of the limits.
 * @param {Lines} lines @param {number} index @param {"start"|"end"} edge @param {number} time
 */
export function setLineTime(lines, index, edge, time) {
	const { min, max } = timeLimits(lines, index, edge);
	const rounded = roundTime(time);
	if (!(rounded >= min && rounded <= max)) return lines;
	const changed = lines.with(index, { ...lineAt(lines, index), [edge]: rounded });
	const [previous, next] = [lines[index - 1], lines[index + 1]];
	if (edge === "start" && previous && previous.end > rounded) return changed.with(index - 1, { ...previous, end: rounded });
	if (edge === "end" && next && next.start < rounded) return changed.with(index + 1, { ...next, start: rounded });
	return changed;
}

/** The border between two lines that touch: both move. @param {Lines} lines @param {number} index of the first @param {number} time */
export function moveBorder(lines, index, time) {
	const moved = setLineTime(lines, index, "end", time);
	return moved === lines ? lines : setLineTime(moved, index + 1, "start", time);
}

/** @param {number} time */
function roundTime(time) {
	return Math.round(time * 100) / 100;
}

/** The smallest splice that turns `before` into `after`. @param {Lines} before @param {Lines} after @param {typeof hasSameContent} [isEqual] */
export function diffLines(before, after, isEqual = hasSameContent) {
	const shorter = Math.min(before.length, after.length);
	let at = 0;
	while (at < shorter && isEqual(before[at], after[at])) at += 1;
	let tail = 0;
	while (tail < shorter - at && isEqual(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
	return { at, remove: before.length - at - tail, insert: after.slice(at, after.length - tail) };
}

/** @param {Segment|undefined} a @param {Segment|undefined} b */
export function hasSameContent(a, b) {
	return a === b || (a?.start === b?.start && a?.end === b?.end && a?.text.trim() === b?.text.trim());
}
