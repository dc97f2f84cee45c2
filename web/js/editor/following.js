/**
 * Keeps the line at the play position in view. Scrolling by hand pauses this, until the user seeks or asks to return to
 * the play position. While the caret is in a line, the view follows only as far as that line stays in view.
 */

import { closest } from "../lib/dom.js";

const SCROLL_KEYS = ["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "];

/**
 * @param {() => Element|undefined} currentLine @param {() => Element|null} editedLine that has the caret
 * @param {(isAway: boolean) => void} onAway whether the current line is out of view and isn't followed
 * @param {AbortSignal} signal
 */
export function createFollowing(currentLine, editedLine, onAway, signal) {
	let isPaused = false;
	const pause = () => (isPaused = true);
	for (const type of ["wheel", "touchmove"]) addEventListener(type, pause, { passive: true, signal });
	addEventListener("pointerdown", ({ target }) => target === document.documentElement && pause(), { signal }); // the scroll bar
	addEventListener("keydown", ({ key, target, defaultPrevented }) => {
		const isText = closest(target, "input, textarea, select, button, [contenteditable], [role=slider]");
		if (SCROLL_KEYS.includes(key) && (!isText || key.startsWith("Page")) && !defaultPrevented) pause();
	}, { signal });
	addEventListener("scroll", report, { passive: true, signal });

	function report() {
		const line = currentLine();
		onAway(Boolean(line) && !isVisible(/** @type {Element} */ (line)));
	}

	/** @param {Element} line */
	function show(line) {
		line.scrollIntoView({ block: isVisible(line) ? "nearest" : "center" });
	}

	return {
		pause,

		/** Called when another line becomes current. */
		follow() {
			const line = currentLine();
			const edited = editedLine();
			const isFarFromCaret = line && edited && distance(line, edited) > innerHeight / 2;
			if (line && !isPaused && !isFarFromCaret) show(line);
			report();
		},

		/** After a seek, or where the user asks for it. */
		resume() {
			isPaused = false;
			const line = currentLine();
			if (line) show(line);
			report();
		},
	};
}

/** Between the sticky bars. @param {Element} line */
function isVisible(line) {
	const { top, bottom } = line.getBoundingClientRect();
	const { scrollMarginTop, scrollMarginBottom } = getComputedStyle(line);
	return bottom > parseFloat(scrollMarginTop) && top < innerHeight - parseFloat(scrollMarginBottom);
}

/** @param {Element} a @param {Element} b */
function distance(a, b) {
	return Math.abs(a.getBoundingClientRect().top - b.getBoundingClientRect().top);
}
