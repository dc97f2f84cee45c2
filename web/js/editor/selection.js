/** The part of a transcript that is selected: its text and its times. */

import { endTimeAtOffset, timeAtOffset } from "./text-positions.js";

/** Lines `from` to `to`; times in seconds. @typedef {{from: number, to: number, start: number, end: number, text: string, speaker: string, rect: DOMRect}} SelectedPart */

const words = new Intl.Segmenter(undefined, { granularity: "word" });

/** In whole words, also where they are selected in part. @param {Element} list @param {HTMLElement[]} elements of its lines @param {Lines} lines what they show @param {(line: Segment) => string} nameIn of its speaker @returns {SelectedPart|null} null: nothing is selected there */
export function selectedPart(list, elements, lines, nameIn) {
	const selection = getSelection();
	const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
	if (!range?.intersectsNode(list) || !lines.length) return null;
	const [first, last] = [placeOf(elements, range.startContainer, range.startOffset), placeOf(elements, range.endContainer, range.endOffset)];
	const from = first?.index ?? 0;
	let to = last?.index ?? lines.length - 1;
	const textOf = (/** @type {number} */ index) => lines[index]?.text.trim() ?? "";
	const begin = wordStart(textOf(from), first?.offset ?? 0);
	let finish = wordEnd(textOf(to), last?.offset ?? Infinity);
	if (!finish && to > from) [to, finish] = [to - 1, Infinity]; // up to the beginning of a line
	const [firstLine, lastLine] = [lines[from], lines[to]];
	if (!firstLine || !lastLine) return null;
	const names = lines.slice(from, to + 1).map(nameIn);
	const isDialogue = new Set(names).size > 1;
	const isEmpty = from === to && !textOf(from).slice(begin, finish).trim();
	const start = timeAtOffset(firstLine, begin);
	const end = Math.max(endTimeAtOffset(lastLine, finish), start);
	return isEmpty ? null : {
		from,
		to,
		start,
		end,
		speaker: isDialogue ? "" : (names[0] ?? ""),

		/** Of several lines, that of the first and the last: to lay out all between them takes long. */
		get rect() {
			if (from === to) return range.getBoundingClientRect();
			const [first, last] = [elements[from], elements[to]].map((each) => /** @type {HTMLElement} */ (each).getBoundingClientRect());
			return new DOMRect(first?.left, first?.top, 0, (last?.bottom ?? 0) - (first?.top ?? 0));
		},

		get text() {
			const whole = lines.slice(from, to + 1).map((line) => line.text.trim());
			whole[to - from] = whole[to - from]?.slice(0, finish) ?? "";
			whole[0] = whole[0]?.slice(begin) ?? "";
			return whole.map((part, at) => (isDialogue && names[at] !== names[at - 1] ? `${names[at]}: ` : "") + part.trim()).filter(Boolean).join(" ");
		},
	};
}

/** Where an end of the selection is; null: after the lines. @param {HTMLElement[]} elements @param {Node} node @param {number} offset */
function placeOf(elements, node, offset) {
	const element = node instanceof Element ? node : node.parentElement;
	const line = element?.closest(".line");
	if (!line) {
		const point = new Range();
		point.setStart(node, offset);
		const next = elements.findIndex((each) => point.comparePoint(each, 0) > 0);
		return next < 0 ? null : { index: next, offset: 0 };
	}
	const index = elements.indexOf(/** @type {HTMLElement} */ (line));
	if (index < 0) return null;
	if (element?.closest(".line-text")) return { index, offset: node instanceof Text ? offset : offset && Infinity };
	return { index, offset: element?.closest(".time") || (node === line && offset < 2) ? 0 : Infinity };
}

/** @param {string} text @param {number} offset */
function wordStart(text, offset) {
	const at = words.segment(text).containing(offset);
	return at?.isWordLike ? at.index : offset;
}

/** @param {string} text @param {number} offset */
function wordEnd(text, offset) {
	const at = words.segment(text).containing(Math.min(offset, text.length) - 1);
	return at?.isWordLike ? at.index + at.segment.length : offset;
}
