/** What is marked in the transcript's lines: the matches of a search, notes, places that are reviewed, unsure words. */

import { findMatches, replaceAll, replaceMatch } from "./find-replace.js";
import { partsBetween, wordPositions } from "./text-positions.js";
import { highlight } from "./text-ranges.js";

/** Words with a lower probability are marked as unsure. */
const MIN_PROBABILITY = 0.5;

/** The highlights that belong to marks. */
export const MARKS = /** @type {const} */ (["unsure", "note", "match", "current-match", "reviewed", "current-reviewed"]);

/**
 * @typedef {object} MarkedLines
 * @property {() => Lines} lines
 * @property {(place: Place) => AbstractRange|null} rangeOf
 * @property {(line: number) => void} show scrolls to a line, away from the play position
 * @property {(lines: Lines) => void} change
 */

/** @param {MarkedLines} marked */
export function lineMarks({ lines, rangeOf, show, change }) {
	let marksUnsure = false;
	let searchText = "";
	/** @type {import("./find-replace.js").FindOptions} */
	let searchOptions = {};
	/** @type {ReturnType<typeof findMatches>} */
	let matches = [];
	let matchIndex = -1;
	/** @type {readonly Note[]} */
	let notes = [];
	/** @type {readonly Place[]} */
	let reviewed = [];
	/** Those of the current item. @type {readonly Place[]} */
	let currentPlaces = [];
	let scrolledTo = ""; // id of the reviewed item that was last shown

	function render() {
		highlight("match", matches.map(rangeOf));
		renderCurrentMatch();
		highlight("note", notes.flatMap(({ start, end }) => partsBetween(lines(), start, end).map(rangeOf)));
		highlight("reviewed", reviewed.map(rangeOf));
		highlight("current-reviewed", currentPlaces.map(rangeOf));
		highlight("unsure", marksUnsure ? lines().flatMap(unsureRanges) : []);
	}

	function renderCurrentMatch() {
		const match = matches[matchIndex];
		highlight("current-match", match ? [rangeOf(match)] : []);
	}

	/** @param {Segment} segment @param {number} line */
	function unsureRanges(segment, line) {
		const unsure = wordPositions(segment).filter((word) => word.probability < MIN_PROBABILITY);
		return unsure.map(({ from, to }) => rangeOf({ line, from, to }));
	}

	return {
		/** The lines have changed. */
		update() {
			matches = findMatches(lines(), searchText, searchOptions);
			render();
		},

		/** @param {string} text @param {typeof searchOptions} [options] @returns {number} of matches */
		find(text, options = {}) {
			searchText = text;
			searchOptions = options;
			matchIndex = -1;
			this.update();
			return matches.length;
		},

		get matchCount() {
			return matches.length;
		},

		/** Scrolls to the next or previous match. @param {1|-1} direction @returns {number} its number from 1; 0: there is none */
		showMatch(direction) {
			const count = matches.length;
			if (!count) return 0;
			matchIndex = matchIndex < 0 && direction < 0 ? count - 1 : (matchIndex + direction + count) % count;
			renderCurrentMatch();
			show(matches[matchIndex]?.line ?? 0);
			return matchIndex + 1;
		},

		/** Replaces the match that is shown; shows the next one. @param {string} replacement @returns {number} its number from 1 */
		replace(replacement) {
			const match = matches[matchIndex];
			if (match) change(replaceMatch(lines(), match, replacement));
			const next = matches.findIndex(({ line, from }) => match && (line > match.line || (line === match.line && from >= match.from + replacement.length)));
			matchIndex = match ? (next < 0 ? matches.length : next) - 1 : matchIndex;
			return this.showMatch(1);
		},

		/** @param {string} replacement @returns {number} of matches that were replaced */
		replaceAll(replacement) {
			const count = matches.length;
			change(replaceAll(lines(), searchText, replacement, searchOptions));
			return count;
		},

		/** Marks the places that are reviewed, and shows the current one. @param {readonly Place[]} places @param {ReviewItem|undefined} current */
		setReviewed(places, current) {
			reviewed = places;
			currentPlaces = current?.places ?? [];
			render();
			const [first] = currentPlaces;
			if (!first || !current || current.id === scrolledTo) return;
			scrolledTo = current.id;
			show(first.line);
		},

		/** @param {boolean} isOn */
		setUnsure(isOn) {
			marksUnsure = isOn;
			render();
		},

		/** @param {readonly Note[]} marked */
		setNotes(marked) {
			notes = marked;
			render();
		},
	};
}
