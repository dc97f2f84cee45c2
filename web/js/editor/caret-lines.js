/** Moves the caret between the lines of a transcript with the arrow keys, in the same column where possible. */

import { caretOffset, placeCaret } from "./text-ranges.js";

/**
 * @param {KeyboardEvent} event @param {HTMLElement} line with the caret
 * @param {(direction: 1|-1) => HTMLElement|undefined} neighbour
 * @returns {boolean} whether the caret has been moved
 */
export function moveCaret(event, line, neighbour) {
	const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
	const offset = caretOffset(line);
	if (shiftKey || ctrlKey || altKey || metaKey || offset === null || !getSelection()?.isCollapsed) return false;
	const text = line.textContent ?? "";
	const caret = caretRect(line);
	const { top, bottom } = line.getBoundingClientRect();
	const isUp = key === "ArrowUp" && caret.top - top < caret.height;
	const isDown = key === "ArrowDown" && bottom - caret.bottom < caret.height;
	const isBack = key === "ArrowLeft" && offset === 0;
	const isAhead = key === "ArrowRight" && offset === text.length;
	if (!isUp && !isDown && !isBack && !isAhead) return false;
	const target = neighbour(isUp || isBack ? -1 : 1);
	if (!target) return false;
	if (isBack || isAhead) placeCaret(target, isBack ? (target.textContent ?? "").length : 0);
	else placeInColumn(target, caret, isUp);
	return true;
}

/** @param {HTMLElement} target @param {DOMRect} caret @param {boolean} inLastRow */
function placeInColumn(target, caret, inLastRow) {
	target.scrollIntoView({ block: "nearest" });
	const { top, bottom } = target.getBoundingClientRect();
	const y = inLastRow ? bottom - caret.height / 2 : top + caret.height / 2;
	const position = document.caretPositionFromPoint?.(caret.left, y);
	const isInside = position && target.contains(position.offsetNode);
	placeCaret(target, isInside ? position.offset : inLastRow ? (target.textContent ?? "").length : 0);
}

/** @param {HTMLElement} line */
function caretRect(line) {
	const range = getSelection()?.getRangeAt(0);
	const rect = range?.getClientRects()[0];
	if (rect) return rect;
	const { left, top } = line.getBoundingClientRect(); // of an empty line there are no rectangles
	return new DOMRect(left, top, 0, parseFloat(getComputedStyle(line).lineHeight));
}
