/**
 * Long lists in blocks, of which the browser lays out only those near the view (content-visibility). To watch each of
 * thousands of elements for that would take longer than it saves.
 */

import { h } from "./dom.js";

/** Elements in each block, where nothing else decides it. */
const BLOCK_SIZE = 25;

/** @template T @param {readonly T[]} items @returns {T[][]} */
export function inBlocks(items) {
	return Array.from({ length: Math.ceil(items.length / BLOCK_SIZE) }, (_, index) => items.slice(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE));
}

/**
 * Puts the elements into the list, a block for each group. Those that are in their place stay there, and the focus stays
 * where it is. Elements that aren't in a group any more must have been removed before.
 * @param {Element} list @param {HTMLElement[][]} groups
 */
export function arrangeBlocks(list, groups) {
	const focused = list.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement);
	groups.forEach((elements, index) => {
		const block = /** @type {HTMLElement} */ (list.children[index] ?? list.appendChild(h("div", { class: "block" })));
		block.style.setProperty("--count", String(elements.filter(({ hidden }) => !hidden).length));
		let next = block.firstElementChild;
		for (const element of elements) {
			if (element === next) next = next.nextElementSibling;
			else block.insertBefore(element, next);
		}
	});
	while (list.children.length > groups.length) list.lastElementChild?.remove();
	if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true }); // it has been moved
}
