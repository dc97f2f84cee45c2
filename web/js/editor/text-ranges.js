/** Carets, ranges and CSS highlights in elements whose only child is a text node. */

/** @param {HTMLElement} element @param {number} from @param {number} to offsets; null where the element is empty */
export function rangeIn(element, from, to) {
	const text = element.firstChild;
	if (!text) return null;
	const range = document.createRange();
	const length = text.textContent?.length ?? 0;
	range.setStart(text, Math.min(from, length));
	range.setEnd(text, Math.min(to, length));
	return range;
}

/** @param {Element} element @returns {number|null} null where the caret is elsewhere */
export function caretOffset(element) {
	const selection = getSelection();
	return selection?.anchorNode && element.contains(selection.anchorNode) ? selection.anchorOffset : null;
}

/** @param {HTMLElement} element @param {number} offset */
export function placeCaret(element, offset) {
	element.focus();
	const range = rangeIn(element, offset, offset);
	const selection = getSelection();
	if (!range || !selection) return;
	selection.removeAllRanges();
	selection.addRange(range);
}

/** Styled by ::highlight(name). Browsers without the API mark nothing. @param {string} name @param {(Range|null)[]} ranges */
export function highlight(name, ranges) {
	const { highlights } = globalThis.CSS ?? {};
	const existing = ranges.filter((range) => range !== null);
	if (existing.length) highlights?.set(name, new Highlight(...existing));
	else highlights?.delete(name);
}

/** @param {string[]} names */
export function clearHighlights(...names) {
	for (const name of names) highlight(name, []);
}
