/** From offsets in a line's text to times and back. Pure functions; offsets count in the trimmed text. */

/** @typedef {{from: number, to: number, start: number, end: number, probability: number}} WordPosition */

/** Of segments, which never change. @type {WeakMap<Segment, WordPosition[]>} */
const known = new WeakMap();

/** Where each word of a segment is in its text. @param {Segment} segment */
export function wordPositions(segment) {
	const positions = known.get(segment) ?? findWords(segment);
	known.set(segment, positions);
	return positions;
}

/** @param {Segment} segment */
function findWords({ text, words }) {
	const trimmed = text.trim();
	/** @type {WordPosition[]} */
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
	return word ? word.start : interpolated(segment, offset);
}

/** When what ends at an offset has been spoken. @param {Segment} segment @param {number} offset */
export function endTimeAtOffset(segment, offset) {
	const word = wordPositions(segment).findLast(({ from }) => from < offset);
	return word ? word.end : interpolated(segment, offset);
}

/** @param {Segment} segment @param {number} offset */
function interpolated({ start, end, text }, offset) {
	return start + (end - start) * Math.min(offset / Math.max(text.trim().length, 1), 1);
}

/** Where the words between two times are. Without word times it is interpolated. @param {Lines} lines @param {number} start @param {number} end @returns {{line: number, from: number, to: number}[]} */
export function partsBetween(lines, start, end) {
	const parts = [];
	for (let line = Math.max(lineIndexAt(lines, start), 0); line < lines.length; line += 1) {
		const segment = /** @type {Segment} */ (lines[line]);
		if (segment.start >= end) break;
		const words = wordPositions(segment);
		const spoken = words.filter((word) => (word.start + word.end) / 2 > start && (word.start + word.end) / 2 < end);
		const [first, last] = [spoken[0], spoken.at(-1)];
		if (first && last) parts.push({ line, from: first.from, to: last.to });
		else if (!words.length && segment.end > start) parts.push({ line, from: offsetAt(segment, start), to: offsetAt(segment, end) });
	}
	return parts;
}

/** The reverse of timeAtOffset() without word times. @param {Segment} segment @param {number} time */
function offsetAt({ start, end, text }, time) {
	return Math.round(text.trim().length * Math.min(Math.max((time - start) / (end - start), 0), 1));
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
