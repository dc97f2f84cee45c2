/** One short line at the bottom, with one thing to do about it; goes by itself. */

import { button, fill, h, show } from "../lib/dom.js";

export const PATIENCE_MS = 7000;

/** @param {HTMLElement} element @returns {Toast} */
export function toastIn(element) {
	/** @type {Timer} */
	let timer;
	/** @type {(() => void)|undefined} */
	let gone;

	function hide() {
		clearTimeout(timer);
		gone = undefined;
		show(element, false);
	}

	function pass() {
		if (element.matches(":hover, :focus-within")) return wait();
		const told = gone;
		hide();
		told?.();
	}

	function wait() {
		clearTimeout(timer);
		timer = setTimeout(pass, PATIENCE_MS);
	}

	return {
		hide,
		show(text, action, onAction, onGone) {
			gone?.(); // the line before it has no more time
			gone = onGone;
			const act = () => {
				hide();
				onAction();
			};
			fill(element, h("span", { dir: "auto" }, text), button("small", action, act));
			show(element, true);
			wait();
		},
	};
}
