/** The line and the word at the play position, which are marked. */

import { lineIndexAt, wordPositions } from "./text-positions.js";
import { highlight } from "./text-ranges.js";

/**
 * @param {readonly HTMLElement[]} elements of the lines @param {() => Lines} lines
 * @param {(place: Place) => AbstractRange|null} rangeOf
 */
export function currentLine(elements, lines, rangeOf) {
	/** @type {HTMLElement|undefined} */
	let element;
	let index = -1;

	return {
		get index() {
			return index;
		},

		get element() {
			return element;
		},

		/** @param {number} time of the play position, in seconds @returns {boolean} whether another line is current now */
		mark(time) {
			const before = element;
			index = lineIndexAt(lines(), time);
			element = elements[index];
			if (element !== before) {
				before?.removeAttribute("aria-current");
				element?.setAttribute("aria-current", "true");
			}
			const line = lines()[index];
			const words = line ? wordPositions(line) : [];
			const at = words.findIndex(({ start, end }) => start <= time && time < end);
			for (const [name, word] of /** @type {const} */ ([["word", words[at]], ["last-word", at > 0 ? words[at - 1] : undefined]])) {
				highlight(name, word ? [rangeOf({ line: index, from: word.from, to: word.to })] : []);
			}
			return element !== before;
		},
	};
}
