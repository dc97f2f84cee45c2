/** From offsets in a line's text to times and back. Pure functions; offsets count in the trimmed text. */

/** Where each word of a segment is in its text. @param {Segment} segment */
export function wordPositions({ text, words }) {
	const trimmed = text.trim();
	const positions = [];
	let offset = 0;
	for (const { word, start, end, probability } of words ?? []) {
		const trimmedWord = word.trim();
		const from = trimmedWord ? trimmed.indexOf(trimmedWord, offset) : -1;
		if (from < 0) continue;
		offset = from + trimmedWord.length;
		positions.push({ from, to: offset, start, end, probability: probability ?? 1 });
	}
	return positions;
}

/** When the character at an offset is spoken. Without word times it is interpolated. @param {Segment} segment @param {number} offset */
export function timeAtOffset(segment, offset) {
	const word = wordPositions(segment).find(({ to }) => offset < to);
	if (word) return word.start;
	const length = Math.max(segment.text.trim().length, 1);
	return segment.start + (segment.end - segment.start) * Math.min(offset / length, 1);
}

/** The index of the last line that has started, or -1. @param {Lines} lines @param {number} time */
export function lineIndexAt(lines, time) {
	let low = 0;
	let high = lines.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (/** @type {Segment} */ (lines[middle]).start <= time) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}

/** All occurrences of a text, ignoring case. @param {Lines} lines @param {string} text */
export function findMatches(lines, text) {
	const wanted = text.trim().toLowerCase();
	/** @type {{line: number, from: number, to: number}[]} */
	const matches = [];
	if (!wanted) return matches;
	lines.forEach((segment, line) => {
		const lineText = segment.text.trim().toLowerCase();
		for (let from = lineText.indexOf(wanted); from >= 0; from = lineText.indexOf(wanted, from + wanted.length)) {
			matches.push({ line, from, to: from + wanted.length });
		}
	});
	return matches;
}
