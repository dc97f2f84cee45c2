/** Where paragraphs begin, by the rules of the exports: localwhisper/export/paragraphs.py. Pure. */

/** After a sentence, a pause of this length begins a paragraph. */
const PAUSE_S = 2;
/** Also within a sentence. */
const BREAK_S = 5;
/** A shorter pause does after so many characters. */
const [SHORT_PAUSE_S, LONG_CHARS] = [0.8, 300];
/** After which the end of a sentence is enough. */
const MAX_CHARS = 700;
/** After which a paragraph ends anywhere: a text without punctuation. */
const ENDLESS_CHARS = 1500;
const SENTENCE_END = /[.?!…。？！؟।॥።]["'”’»)\]}」』）】》〉]*$/;

/** Whether each line begins a paragraph. @param {Lines} lines @returns {boolean[]} */
export function paragraphStarts(lines) {
	/** @type {Segment|undefined} */
	let previous;
	let characters = 0;
	return lines.map((line) => {
		if (!line.text.trim()) return false;
		const begins = !previous || beginsParagraph(line, previous, characters);
		characters = (begins ? 0 : characters) + line.text.trim().length + 1;
		previous = line;
		return begins;
	});
}

/** Blocks of whole paragraphs, of at least so many lines. */
const BLOCK_LINES = 40;

/** @param {boolean[]} starts whether each line begins a paragraph @returns {[number, number][]} the first line of each block, and the one after its last */
export function paragraphBlocks(starts) {
	/** @type {[number, number][]} */
	const blocks = [];
	let from = 0;
	for (let to = 1; to <= starts.length; to += 1) {
		if (to < starts.length && (to - from < BLOCK_LINES || !starts[to])) continue;
		blocks.push([from, to]);
		from = to;
	}
	return blocks;
}

/** @param {Segment} line @param {Segment} previous @param {number} characters of the paragraph so far */
function beginsParagraph(line, previous, characters) {
	if (line.channel !== previous.channel || line.speaker !== previous.speaker) return true;
	const pause = (line.words?.[0]?.start ?? line.start) - (previous.words?.at(-1)?.end ?? previous.end);
	if (!SENTENCE_END.test(previous.text.trim())) return pause >= BREAK_S || characters >= ENDLESS_CHARS;
	return pause >= PAUSE_S || characters >= MAX_CHARS || (pause >= SHORT_PAUSE_S && characters >= LONG_CHARS);
}
