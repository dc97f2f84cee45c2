/** Carets, ranges and CSS highlights in elements whose only child is a text node. */

/** For a highlight: one that changes with the text would slow down all changes to the page. @param {HTMLElement} element @param {number} from @param {number} to offsets; null where the element is empty */
export function rangeIn(element, from, to) {
	const text = element.firstChild;
	if (!text) return null;
	const within = (/** @type {number} */ offset) => Math.min(offset, text.textContent?.length ?? 0);
	return new StaticRange({ startContainer: text, startOffset: within(from), endContainer: text, endOffset: within(to) });
}

/** @param {Element} element @returns {number|null} null where the caret is elsewhere */
export function caretOffset(element) {
	const selection = getSelection();
	return selection?.anchorNode && element.contains(selection.anchorNode) ? selection.anchorOffset : null;
}

/** @param {HTMLElement} element @param {number} offset */
export function placeCaret(element, offset) {
	element.focus();
	const text = element.firstChild;
	if (text) getSelection()?.collapse(text, Math.min(offset, text.textContent?.length ?? 0));
}

/** Styled by ::highlight(name). Browsers without the API mark nothing. @param {string} name @param {(AbstractRange|null)[]} ranges */
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
