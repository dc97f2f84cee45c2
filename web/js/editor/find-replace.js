/** Finding and replacing text in a transcript's lines. Pure functions: lines that don't change stay the same objects. */

import { replaceText } from "./edits.js";

/** @typedef {{matchCase?: boolean, wholeWords?: boolean}} FindOptions */
/** Offsets in the trimmed text. @typedef {{line: number, from: number, to: number}} Match */

const WORD = "[\\p{L}\\p{N}\\p{M}_]";

/** All occurrences of a text. @param {Lines} lines @param {string} text @param {FindOptions} [options] @returns {Match[]} */
export function findMatches(lines, text, options = {}) {
	const pattern = patternOf(text, options);
	if (!pattern) return [];
	return lines.flatMap((segment, line) =>
		[...segment.text.trim().matchAll(pattern)].map((match) => ({ line, from: match.index, to: match.index + match[0].length })));
}

/** With a single occurrence replaced. @param {Lines} lines @param {Match} match @param {string} replacement */
export function replaceMatch(lines, { line, from, to }, replacement) {
	const text = lines[line]?.text.trim() ?? "";
	return replaceText(lines, line, text.slice(0, from) + replacement + text.slice(to));
}

/** With all occurrences replaced. @param {Lines} lines @param {string} text @param {string} replacement @param {FindOptions} [options] @returns {Lines} */
export function replaceAll(lines, text, replacement, options = {}) {
	const pattern = patternOf(text, options);
	if (!pattern) return lines;
	let changed = lines;
	lines.forEach((segment, index) => {
		const old = segment.text.trim();
		const next = old.replace(pattern, () => replacement);
		if (next !== old) changed = replaceText(changed, index, next);
	});
	return changed;
}

/** White space in it stands for any. @param {string} text @param {FindOptions} options */
function patternOf(text, { matchCase, wholeWords }) {
	const words = text.trim().split(/\s+/u).filter(Boolean);
	if (!words.length) return null;
	const source = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("\\s+");
	return new RegExp(wholeWords ? `(?<!${WORD})${source}(?!${WORD})` : source, matchCase ? "gu" : "giu");
}
