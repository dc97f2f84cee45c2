/** The part of a transcript that is selected: its text and its times. */

import { endTimeAtOffset, timeAtOffset } from "./text-positions.js";

/** @typedef {{from: number, to: number, start: number, end: number, text: string, rect: DOMRect}} SelectedPart lines `from` to `to`; times in seconds */

/** @param {Element} list of lines @param {Lines} lines what it shows @returns {SelectedPart|null} null: nothing is selected there */
export function selectedPart(list, lines) {
	const selection = getSelection();
	if (!selection?.rangeCount || selection.isCollapsed) return null;
	const range = selection.getRangeAt(0);
	const parts = [...list.children].flatMap((item, index) => {
		const text = item.querySelector(".line-text");
		if (!text || !range.intersectsNode(text)) return [];
		const node = text.firstChild;
		const length = node?.textContent?.length ?? 0;
		const from = range.startContainer === node ? range.startOffset : 0;
		const to = range.endContainer === node ? range.endOffset : length;
		return from < to ? [{ index, from, to, text: (node?.textContent ?? "").slice(from, to).trim() }] : [];
	});
	const [first, last] = [parts[0], parts.at(-1)];
	const [firstLine, lastLine] = [lines[first?.index ?? -1], lines[last?.index ?? -1]];
	if (!first || !last || !firstLine || !lastLine) return null;
	const text = parts.map((part) => part.text).filter(Boolean).join(" ");
	const start = timeAtOffset(firstLine, first.from);
	const end = Math.max(endTimeAtOffset(lastLine, last.to), start);
	return text ? { from: first.index, to: last.index, start, end, text, rect: range.getBoundingClientRect() } : null;
}
