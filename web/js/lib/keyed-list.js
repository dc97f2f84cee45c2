/** Lists whose elements follow items: created once, updated in place, removed with their item, so that focus stays. */

/**
 * @template Item
 * @param {Element} list @param {(item: Item) => string} keyOf
 * @param {(item: Item) => {element: HTMLElement, update(item: Item): void}} create
 * @returns {(items: readonly Item[]) => void} shows these
 */
export function keyedList(list, keyOf, create) {
	/** @type {Map<string, ReturnType<typeof create>>} */
	const shown = new Map();
	list.replaceChildren();
	return (items) => {
		const keys = items.map(keyOf);
		for (const [key, { element }] of shown) {
			if (keys.includes(key)) continue;
			element.remove();
			shown.delete(key);
		}
		items.forEach((item, index) => {
			const key = keyOf(item);
			const view = shown.get(key) ?? create(item);
			shown.set(key, view);
			const inPlace = list.children[index] ?? null;
			if (inPlace !== view.element) list.insertBefore(view.element, inPlace);
			view.update(item);
		});
	};
}
