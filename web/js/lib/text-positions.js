/** Where a line's words stand in its text, and when they are said. Pure. Offsets count in the trimmed text. */

/** @param {Segment} segment */
export function wordPositions({ text, words }) {
	const shown = text.trim();
	const found = [];
	let at = 0;
	for (const { word, start, end, probability } of words ?? []) {
		const own = word.trim();
		const from = own ? shown.indexOf(own, at) : -1;
		if (from < 0) continue;
		at = from + own.length;
		found.push({ from, to: at, start, end, probability: probability ?? 1 });
	}
	return found;
}

/** When the letter at an offset is said; without words by its share of the text. @param {Segment} segment @param {number} offset */
export function timeAtOffset(segment, offset) {
	const word = wordPositions(segment).find(({ to }) => offset < to);
	if (word) return word.start;
	const length = Math.max(segment.text.trim().length, 1);
	return segment.start + (segment.end - segment.start) * Math.min(offset / length, 1);
}

/** The last line that has begun, or -1. @param {Lines} lines @param {number} time */
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

/** Every place of what is looked for, without case. @param {Lines} lines @param {string} query */
export function findMatches(lines, query) {
	const wanted = query.trim().toLowerCase();
	/** @type {{line: number, from: number, to: number}[]} */
	const found = [];
	if (!wanted) return found;
	lines.forEach(({ text }, line) => {
		const shown = text.trim().toLowerCase();
		for (let from = shown.indexOf(wanted); from >= 0; from = shown.indexOf(wanted, from + wanted.length)) {
			found.push({ line, from, to: from + wanted.length });
		}
	});
	return found;
}
