/** Reviews places in the text one after the other, each heard with what is around it: differences, unsure words. */

import { t } from "../i18n.js";
import { closest, query, queryEach, setChildren, setText, setVisible } from "../lib/dom.js";

/** Heard before and after a place. */
const [BEFORE_S, AFTER_S] = [1, 0.6];

/**
 * @param {HTMLElement} element
 * @param {{play(from: number, to: number): void, mark(places: readonly Place[], current: ReviewItem|undefined): void, closed(): void, tryOrTell: App["tryOrTell"]}} host
 */
export function createReview(element, host) {
	/** @type {ReviewSource|undefined} */
	let source;
	/** @type {ReviewItem[]} */
	let items = [];
	let index = 0;
	let isBusy = false;
	const [title, count, controls, text, before, mine, other, after] = queryEach(
		element, "h2", ".count", ".controls", ".review-text", ".before", "del", "ins", ".after",
	);
	const [accept, keep, all, keys] = queryEach(element, ".accept", ".keep", ".all", ".keys-hint");
	const input = query(element, ".review-input", HTMLInputElement);
	/** By data-review. @type {Record<string, () => unknown>} */
	const ACTIONS = {
		accept: () => decide((item) => source?.accept(item, input.value)),
		keep: () => decide((item) => source?.keep(item)),
		all: () => decide(() => source?.acceptAll?.()),
		play,
		previous: () => show(index - 1),
		next: () => show(index + 1),
		close,
	};
	element.addEventListener("click", ({ target }) => {
		act(closest(target, "button")?.dataset.review);
	});
	element.addEventListener("keydown", (event) => {
		const name = actionOf(event);
		if (!name) return;
		event.preventDefault();
		event.stopPropagation();
		act(name);
	});

	/** @param {string} [name] */
	function act(name = "") {
		void host.tryOrTell(async () => ACTIONS[name]?.());
	}

	/** @param {KeyboardEvent} event */
	function actionOf({ key, ctrlKey, altKey, metaKey, target }) {
		if (key === "Escape") return "close";
		if (key === " " && ctrlKey) return "play";
		if (ctrlKey || altKey || metaKey || target instanceof HTMLSelectElement) return "";
		const isButton = target instanceof HTMLButtonElement;
		if (target === input) return { Enter: "accept", ArrowUp: "previous", ArrowDown: "next" }[key] ?? "";
		if (isButton && [" ", "Enter"].includes(key)) return "";
		if (target instanceof HTMLInputElement && key === " ") return "";
		return { Enter: "accept", Backspace: "keep", " ": "play", ArrowLeft: "previous", ArrowRight: "next", ArrowUp: "previous", ArrowDown: "next" }[key] ?? "";
	}

	/** Carries out a decision, and goes on to the next place. @param {(item: ReviewItem) => unknown} decision */
	async function decide(decision) {
		const item = items[index];
		if (!item || isBusy) return;
		isBusy = true;
		try {
			await decision(item);
		} finally {
			isBusy = false;
		}
		items = source?.items() ?? [];
		const next = items.findIndex((each) => each.start >= item.start && each.id !== item.id);
		show(next < 0 ? items.length - 1 : next);
	}

	/** @param {number} wanted */
	function show(wanted) {
		index = Math.max(0, Math.min(wanted, items.length - 1));
		render();
		input.value = items[index]?.text ?? "";
		focus();
		if (items.length) play();
	}

	function focus() {
		const isTyped = source?.isTyped && items.length > 0;
		if (isTyped) input.select();
		else if (!element.contains(document.activeElement) || document.activeElement === document.body) element.focus({ preventScroll: true });
	}

	function play() {
		const item = items[index];
		if (item) host.play(item.start - BEFORE_S, item.end + AFTER_S);
	}

	function render() {
		const item = items[index];
		const isTyped = source?.isTyped ?? false;
		setText(title, source?.title ?? "");
		setText(count, item ? t("page.part_of_total", { part: index + 1, total: items.length }) : t("review.done"));
		for (const part of [text, accept, keep, keys]) setVisible(part, item !== undefined);
		setVisible(input, isTyped && item !== undefined);
		setVisible(all, source?.acceptAll !== undefined && items.length > 1);
		if (item) {
			setText(before, item.before);
			setText(mine, item.text);
			setText(other, item.otherText ?? "");
			setText(after, item.after);
			mine.dataset.typed = String(isTyped);
		}
		setText(accept, t(isTyped ? "review.right" : "review.take_over"));
		setText(keep, t(isTyped ? "review.skip" : "review.keep"));
		setText(all, t("review.all", { count: items.length }));
		setText(keys, t(isTyped ? "review.typing_keys" : "review.keys"));
		input.ariaLabel = t("review.word");
		host.mark(items.flatMap((each) => each.places), item);
	}

	function close() {
		if (!source) return;
		source = undefined;
		items = [];
		setVisible(element, false);
		host.mark([], undefined);
		host.closed();
	}

	return {
		close,

		/** @param {ReviewSource} reviewed */
		open(reviewed) {
			source = reviewed;
			setChildren(controls, ...reviewed.controls);
			setVisible(element, true);
			items = reviewed.items();
			show(0);
			if (!items.length) element.focus({ preventScroll: true });
		},

		/** Which items are shown, or the text, has changed. */
		async update() {
			if (!source || isBusy) return;
			await source.update?.();
			const current = items[index];
			const hadFocus = element.contains(document.activeElement);
			items = source?.items() ?? [];
			const same = items.findIndex(({ id }) => id === current?.id);
			index = same >= 0 ? same : Math.max(0, Math.min(index, items.length - 1));
			if (source) render();
			if (source && same < 0) input.value = items[index]?.text ?? "";
			if (hadFocus && !items.length) element.focus({ preventScroll: true }); // what had it is hidden
		},

		get isOpen() {
			return source !== undefined;
		},
	};
}
