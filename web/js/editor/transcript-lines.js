/** The desk's lines. Words are marked by ranges, so that a line stays one text node however many it has. */

import { t } from "../i18n.js";
import { h, setText, cloneTemplate } from "../lib/dom.js";
import * as edits from "../lib/edits.js";
import { formatTime } from "../lib/format.js";
import { findMatches, lineIndexAt, wordPositions, timeAtOffset } from "../lib/text-positions.js";

const UNSURE = 0.5;

/** @param {LinesHost} desk */
export function transcriptLines(desk) {
	const element = h("ol", { class: "lines editor-lines" });
	const { children } = element;
	const tools = cloneTemplate("line-tools");
	/** @type {Lines} */
	let shown = [];
	let correcting = false;
	let unsure = false;
	let now = -1; // the line being said
	let follows = true;
	let query = "";
	/** @type {ReturnType<typeof findMatches>} */
	let found = [];
	let hit = -1;

	/** @type {Record<string, (at: number) => void>} */
	const TOOLS = {
		start: (at) => desk.change(edits.setLineTime(shown, at, "start", desk.time())),
		end: (at) => desk.change(edits.setLineTime(shown, at, "end", desk.time())),
		split,
		merge,
		drop,
	};
	tools.addEventListener("mousedown", (event) => event.preventDefault()); // the caret stays where it is
	tools.addEventListener("click", ({ target }) => {
		const tool = target instanceof Element && target.closest("button")?.dataset.tool;
		if (tool) TOOLS[tool]?.(indexOf(tools));
	});
	element.addEventListener("click", clicked);
	element.addEventListener("keydown", pressed);
	element.addEventListener("input", ({ target }) => {
		if (isText(target)) desk.change(edits.replaceText(shown, indexOf(target), target.textContent ?? ""), `text ${indexOf(target)}`);
	});
	element.addEventListener("focusin", ({ target }) => {
		if (correcting && isText(target) && tools.parentElement !== target.parentElement) target.parentElement?.append(tools);
	});
	for (const name of ["wheel", "touchmove"]) element.addEventListener(name, () => (follows = false), { passive: true });

	/** @param {Segment} segment */
	function lineOf(segment) {
		const line = h("li", {}, h("button", { type: "button", class: "time figures", tabindex: -1 }), h("span", { class: "line-text", dir: "auto" }));
		setEditable(textOf(line));
		write(line, segment);
		return line;
	}

	/** @param {Element} line @param {Segment} segment */
	function write(line, { id, start, text }) {
		const time = /** @type {Element} */ (line.firstElementChild);
		const said = textOf(line);
		line.setAttribute("data-segment", String(id));
		setText(time, formatTime(start));
		time.ariaLabel = t("job.play_from", { time: formatTime(start) });
		said.ariaLabel = correcting ? t("edit.line", { time: formatTime(start) }) : null;
		if ((said.textContent ?? "").trim() !== text.trim()) said.textContent = text.trim();
	}

	function rewrite() {
		shown.forEach((segment, at) => write(/** @type {Element} */ (children[at]), segment));
	}

	/** @param {HTMLElement} said */
	function setEditable(said) {
		if (correcting) {
			said.contentEditable = "plaintext-only";
			said.setAttribute("role", "textbox");
		} else {
			said.removeAttribute("contenteditable");
			said.removeAttribute("role");
		}
	}

	/** @param {Event} event */
	function clicked(event) {
		const { target } = event;
		const at = indexOf(target);
		const segment = shown[at];
		if (!segment || !(target instanceof Element) || target.closest(".line-tools")) return;
		follows = true;
		if (target.closest(".time")) return desk.play(segment.start);
		if (correcting || !getSelection()?.isCollapsed || !(event instanceof MouseEvent)) return;
		const spot = document.caretPositionFromPoint?.(event.clientX, event.clientY);
		const inText = spot && textOf(children[at]).contains(spot.offsetNode);
		desk.play(inText ? timeAtOffset(segment, spot.offset) : segment.start);
	}

	/** @param {KeyboardEvent} event */
	function pressed(event) {
		const { key, target } = event;
		const at = indexOf(target);
		if (target instanceof Element && target.closest(".time")) {
			const step = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
			if (!step || !shown[at + step]) return;
			event.preventDefault();
			reach(at + step)?.focus();
		} else if (isText(target) && key === "Enter") {
			event.preventDefault();
			split(at);
		} else if (isText(target) && key === "Backspace" && at > 0 && caretIn(target) === 0 && getSelection()?.isCollapsed) {
			event.preventDefault();
			merge(at - 1);
		}
	}

	/** @param {number} at */
	function split(at) {
		desk.change(edits.split(shown, at, caretIn(textOf(children[at])) ?? 0));
		place(at + 1, 0);
	}

	/** A line and the next become one. @param {number} at */
	function merge(at) {
		const offset = shown[at]?.text.trim().length ?? 0;
		desk.change(edits.merge(shown, at));
		place(at, offset);
	}

	/** @param {number} at */
	function drop(at) {
		desk.change(edits.removeLine(shown, at));
		place(Math.min(at, shown.length - 1), 0);
	}

	/** Puts the caret. @param {number} at @param {number} offset */
	function place(at, offset) {
		if (!children[at]) return;
		textOf(children[at]).focus();
		const range = rangeOf(at, offset, offset);
		const selection = getSelection();
		if (!range || !selection) return;
		selection.removeAllRanges();
		selection.addRange(range);
	}

	/** The one line time that Tab reaches. @param {number} at */
	function reach(at) {
		element.querySelector("button.time[tabindex='0']")?.setAttribute("tabindex", "-1");
		const time = children[at]?.firstElementChild;
		time?.setAttribute("tabindex", "0");
		return /** @type {HTMLElement|undefined} */ (time);
	}

	/** @param {EventTarget|null} target */
	function indexOf(target) {
		const line = target instanceof Element ? target.closest("li") : null;
		return line ? Array.prototype.indexOf.call(children, line) : -1;
	}

	function paint() {
		const at = found[hit];
		mark("found", found.map(({ line, from, to }) => rangeOf(line, from, to)));
		mark("found-now", at ? [rangeOf(at.line, at.from, at.to)] : []);
		const doubtful = unsure ? shown.flatMap((segment, line) => {
			return wordPositions(segment).filter((word) => word.probability < UNSURE).map(({ from, to }) => rangeOf(line, from, to));
		}) : [];
		mark("unsure", doubtful);
	}

	/** @param {number} at @param {number} from @param {number} to */
	function rangeOf(at, from, to) {
		const text = children[at] && textOf(children[at]).firstChild;
		if (!text) return null;
		const range = document.createRange();
		const length = text.textContent?.length ?? 0;
		range.setStart(text, Math.min(from, length));
		range.setEnd(text, Math.min(to, length));
		return range;
	}

	/** @param {string} text @returns {number} how many places have it */
	function find(text) {
		query = text;
		found = findMatches(shown, query);
		hit = -1;
		paint();
		return found.length;
	}

	return {
		element,
		find,

		/** @param {Lines} lines */
		update(lines) {
			const { at, remove, put } = edits.diffLines(shown, lines, (a, b) => a === b);
			if (remove === put.length) {
				put.forEach((segment, offset) => write(/** @type {Element} */ (children[at + offset]), segment));
			} else {
				const held = element.contains(document.activeElement);
				tools.remove();
				for (const old of [...children].slice(at, at + remove)) old.remove();
				element.insertBefore(h("li"), children[at] ?? null).replaceWith(...put.map(lineOf));
				now = -1;
				// Where lines came or went under the caret.
				if (held) queueMicrotask(() => element.contains(document.activeElement) || place(Math.min(at, shown.length - 1), 0));
			}
			shown = lines;
			found = findMatches(lines, query);
			if (!element.querySelector("button.time[tabindex='0']")) reach(0);
			paint();
		},

		/** @param {boolean} on */
		correct(on) {
			correcting = on;
			element.dataset.correcting = String(on);
			if (!on) tools.remove();
			for (const line of children) setEditable(textOf(line));
			rewrite();
		},

		/** @param {boolean} on */
		markUnsure(on) {
			unsure = on;
			paint();
		},

		get found() {
			return found.length;
		},

		/** @param {1|-1} step @returns {number} which one is shown, from 1 */
		step(step) {
			const count = found.length;
			if (!count) return 0;
			hit = hit < 0 && step < 0 ? count - 1 : (hit + step + count) % count;
			follows = false;
			paint();
			children[found[hit]?.line ?? 0]?.scrollIntoView({ block: "center" });
			return hit + 1;
		},

		/** @param {number} time @param {boolean} playing */
		follow(time, playing) {
			const at = lineIndexAt(shown, time);
			if (at !== now) {
				children[now]?.removeAttribute("aria-current");
				children[at]?.setAttribute("aria-current", "true");
				now = at;
				if (playing && follows && !correcting) children[at]?.scrollIntoView({ block: "nearest" });
			}
			const segment = shown[at];
			const word = segment && wordPositions(segment).find(({ start, end }) => start <= time && time < end);
			mark("word", word ? [rangeOf(at, word.from, word.to)] : []);
		},

		localized() {
			element.ariaLabel = t("desk.text");
			rewrite();
		},

		close() {
			for (const name of ["word", "unsure", "found", "found-now"]) mark(name, []);
		},
	};
}

/** @param {Element|undefined} line */
function textOf(line) {
	return /** @type {HTMLElement} */ (line?.children[1]);
}

/** @param {EventTarget|null} target @returns {target is HTMLElement} */
function isText(target) {
	return target instanceof HTMLElement && target.classList.contains("line-text");
}

/** @param {Element} text @returns {number|null} */
function caretIn(text) {
	const selection = getSelection();
	return selection?.anchorNode && text.contains(selection.anchorNode) ? selection.anchorOffset : null;
}

/** @param {string} name @param {(Range|null)[]} ranges */
function mark(name, ranges) {
	const known = globalThis.CSS?.highlights;
	if (!known) return; // an older browser: the line alone is marked
	const all = ranges.filter((range) => range !== null);
	if (all.length) known.set(name, new Highlight(...all));
	else known.delete(name);
}
