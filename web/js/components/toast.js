/** A message at the bottom of the page with one action. It closes by itself. */

import { button, h, setChildren, setVisible } from "../lib/dom.js";

export const TOAST_MS = 7000;

/** @param {HTMLElement} element @returns {Toast} */
export function createToast(element) {
	/** @type {Timer} */
	let timer;
	/** @type {(() => void)|undefined} */
	let notifyDismissed;

	function hide() {
		clearTimeout(timer);
		notifyDismissed = undefined;
		setVisible(element, false);
	}

	function startTimer() {
		clearTimeout(timer);
		timer = setTimeout(dismiss, TOAST_MS);
	}

	function dismiss() {
		if (element.matches(":hover, :focus-within")) return startTimer();
		const notify = notifyDismissed;
		hide();
		notify?.();
	}

	return {
		hide,
		show(text, actionKey = "live.close", onAction, onDismiss) {
			notifyDismissed?.(); // of the message that this one replaces
			notifyDismissed = onDismiss;
			const act = () => {
				hide();
				onAction?.();
			};
			setChildren(element, h("span", { dir: "auto" }, text), button("small", actionKey, act));
			setVisible(element, true);
			startTimer();
		},
	};
}
