/**
 * The transcript's lines in the editor: which are shown, current, selected and edited. Words are marked with CSS
 * highlights, so that a line stays a single text node.
 */

import { t } from "../i18n.js";
import { arrangeBlocks } from "../lib/blocks.js";
import { closest, h } from "../lib/dom.js";
import { moveCaret } from "./caret-lines.js";
import { currentLine } from "./current-line.js";
import { diffLines, removeLine, replaceText } from "./edits.js";
import { createFollowing } from "./following.js";
import { createLine, endEditing, isLineText, makeEditable, renderLine, textElement, timeElement } from "./line-element.js";
import { lineMarks, MARKS } from "./line-marks.js";
import { lineTools } from "./line-tools.js";
import { paragraphBlocks, paragraphStarts } from "./paragraphs.js";
import { selectedPart } from "./selection.js";
import { timeAtOffset } from "./text-positions.js";
import { caretOffset, clearHighlights, placeCaret, rangeIn } from "./text-ranges.js";

/** Between blocks that are laid out ahead. */
const AHEAD_MS = 40;
const FOCUSABLE_TIME = "button.time[tabindex='0']";

/** @param {LinesHost} host @param {AbortSignal} signal removes the listeners and highlights */
export function transcriptLines(host, signal) {
	const element = h("div", { class: "editor-lines", role: "list" });
	/** One for each of the lines that are shown. @type {HTMLElement[]} */
	const elements = [];
	/** @type {Lines} */
	let shown = [];
	let isEditing = false;
	let inParagraphs = false;
	/** @type {SpeakerLabels} */
	let speakers = {};
	let onlySpeaker = ""; // whose lines are shown; "": everybody's
	/** Blocks of lines in or near the view. Only these can be edited: to make all of thousands editable takes half a second. @type {Set<Element>} */
	const nearby = new Set();
	const tools = lineTools(host, {
		lines: () => shown,
		indexOf,
		caretIn: (index) => caretOffset(textElement(elements[index])) ?? 0,
		focusLine,
	}, signal);
	element.addEventListener("contentvisibilityautostatechange", onVisibilityChange, { signal });
	element.addEventListener("pointerdown", ({ target }) => {
		const line = isEditing && closest(target, ".line");
		if (line) makeEditable(line);
	}, { signal });
	element.addEventListener("click", onClick, { signal });
	element.addEventListener("keydown", onKeydown, { signal });
	element.addEventListener("input", ({ target }) => {
		if (!isLineText(target)) return;
		const index = indexOf(target);
		host.change(replaceText(shown, index, target.textContent ?? ""), `text ${index}`);
	}, { signal });
	element.addEventListener("focusin", ({ target }) => {
		if (!isEditing || !isLineText(target) || tools.element.parentElement === target.parentElement) return;
		target.parentElement?.append(tools.element);
		tools.render();
		host.editLine(/** @type {Segment} */ (shown[indexOf(target)]));
	}, { signal });
	element.addEventListener("focusout", onFocusOut, { signal });
	/** @type {Timer} */
	let ahead;
	signal.addEventListener("abort", () => {
		clearTimeout(ahead);
		clearHighlights("word", "last-word", ...MARKS);
	});
	const current = currentLine(elements, () => shown, rangeOf);
	const following = createFollowing(() => current.element, () => document.activeElement?.closest(".editor-lines[data-editing] .line") ?? null, host.showFollowing, signal);
	const marks = lineMarks({ lines: () => shown, rangeOf, show, change: (lines) => host.change(lines) });

	// Rendering

	function renderAll() {
		shown.forEach((_, index) => renderAt(index));
	}

	/** @param {number} index */
	function renderAt(index) {
		const [line, segment] = [elements[index], shown[index]];
		if (!line || !segment) return;
		renderLine(line, segment, speakers);
		showOrHide(index);
	}

	/** A name stands only where somebody begins to speak. @param {number} index */
	function showOrHide(index) {
		const speaker = shown[index]?.speaker;
		elements[index]?.toggleAttribute("data-continues", speaker !== undefined && speaker === shown[index - 1]?.speaker);
		elements[index]?.toggleAttribute("hidden", onlySpeaker !== "" && speaker !== onlySpeaker);
	}

	/** Not while somebody types: lines that move would lose the caret. */
	function arrange() {
		layOutAhead();
		const starts = paragraphStarts(shown);
		if (inParagraphs) starts.forEach((begins, index) => elements[index]?.toggleAttribute("data-begins", begins));
		arrangeBlocks(element, paragraphBlocks(starts).map(([from, to]) => elements.slice(from, to)));
	}

	/** Block by block, what isn't in view: the browser would lay all of it out at once when it is selected. */
	function layOutAhead() {
		let next = 0;
		const layOutNext = () => {
			const block = element.children[next++];
			block?.lastElementChild?.getBoundingClientRect();
			if (block) ahead = setTimeout(layOutNext, AHEAD_MS);
		};
		clearTimeout(ahead);
		ahead = setTimeout(layOutNext, 10 * AHEAD_MS);
	}

	/** @param {number} at @param {number} remove @param {number} insert how many */
	function replaceElements(at, remove, insert) {
		const added = Array.from({ length: insert }, createLine);
		tools.element.remove();
		for (const line of elements.splice(at, remove, ...added)) line.remove();
		if (!isEditing) return; // arrange() puts them into blocks
		if (at) elements[at - 1]?.after(...added);
		else element.firstElementChild?.prepend(...added);
	}

	/** @param {Event} event as the browser begins or ends to lay out a block */
	function onVisibilityChange(event) {
		const { target, skipped } = /** @type {ContentVisibilityAutoStateChangeEvent} */ (event);
		const block = /** @type {Element} */ (target);
		if (skipped) return void nearby.delete(block);
		nearby.add(block);
		if (isEditing) [...block.children].forEach(makeEditable);
	}

	/** @param {Place} place */
	function rangeOf({ line, from, to }) {
		return elements[line] ? rangeIn(textElement(elements[line]), from, to) : null;
	}

	/** Away from the play position. @param {number} index */
	function show(index) {
		following.pause();
		elements[index]?.scrollIntoView({ block: "center" });
	}

	/** @param {Segment} line */
	function nameIn({ speaker }) {
		return speakers[speaker ?? ""]?.name ?? "";
	}

	const selection = () => selectedPart(element, elements, shown, nameIn);

	// Mouse and keyboard

	/** @param {Event} event */
	function onClick(event) {
		const { target } = event;
		const index = indexOf(target);
		const segment = shown[index];
		if (!segment || closest(target, ".line-tools")) return;
		if (closest(target, ".time")) return host.play(segment.start);
		if (isEditing) return elements[index]?.scrollIntoView({ block: "nearest" }); // with its tools
		if (!getSelection()?.isCollapsed || !(event instanceof MouseEvent)) return;
		const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
		const isInText = caret && textElement(elements[index]).contains(caret.offsetNode);
		host.play(isInText ? timeAtOffset(segment, caret.offset) : segment.start);
	}

	/** @param {KeyboardEvent} event */
	function onKeydown(event) {
		const { key, target } = event;
		const index = indexOf(target);
		if (closest(target, ".time")) {
			const step = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
			if (!step || !shown[index + step]) return;
			event.preventDefault();
			setFocusableTime(index + step)?.focus();
		} else if (isLineText(target) && moveCaret(event, target, (direction) => elements[index + direction] && textElement(elements[index + direction]))) {
			event.preventDefault();
		} else if (isLineText(target) && key === "Enter" && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			tools.split(index);
		} else if (isLineText(target) && key === "Backspace" && index > 0 && caretOffset(target) === 0 && getSelection()?.isCollapsed) {
			event.preventDefault();
			tools.merge(index - 1);
		}
	}

	/** Arrow keys move between the times; Tab reaches only this one. @param {number} index */
	function setFocusableTime(index) {
		element.querySelector(FOCUSABLE_TIME)?.setAttribute("tabindex", "-1");
		const time = timeElement(elements[index]);
		time?.setAttribute("tabindex", "0");
		return time;
	}

	/** @param {EventTarget|null} target */
	function indexOf(target) {
		return elements.indexOf(/** @type {HTMLElement} */ (closest(target, ".line")));
	}

	// Editing

	/** An emptied line goes once the focus has left it. @param {FocusEvent} event */
	function onFocusOut({ target, relatedTarget }) {
		const index = indexOf(target);
		if (index >= 0 && index !== indexOf(relatedTarget) && shown[index]?.text.trim() === "") host.change(removeLine(shown, index));
	}

	/** @param {number} index @param {number} offset of the caret */
	function focusLine(index, offset) {
		const line = elements[index];
		if (!line) return;
		if (isEditing) makeEditable(line);
		placeCaret(textElement(line), offset);
	}

	return {
		element,
		marks,

		/** @param {Lines} lines */
		update(lines) {
			const { at, remove, insert } = diffLines(shown, lines, (a, b) => a === b);
			const hadFocus = element.contains(document.activeElement);
			const isReplaced = remove !== insert.length;
			if (isReplaced) replaceElements(at, remove, insert.length);
			shown = lines;
			insert.forEach((_, offset) => renderAt(at + offset));
			showOrHide(at + insert.length);
			if (!isEditing) arrange();
			// The focused line may have been replaced.
			if (isReplaced && hadFocus) queueMicrotask(() => element.contains(document.activeElement) || focusLine(Math.min(at, shown.length - 1), 0));
			current.mark(host.currentTime());
			tools.render();
			if (!element.querySelector(FOCUSABLE_TIME)) setFocusableTime(0);
			marks.update();
		},

		/** @param {boolean} isOn */
		setEditing(isOn) {
			isEditing = isOn;
			element.toggleAttribute("data-editing", isOn);
			if (isOn) return nearby.forEach((block) => [...block.children].forEach(makeEditable));
			tools.element.remove();
			endEditing(element);
			arrange();
		},

		/** To read; lines are corrected one by one. @param {boolean} isOn */
		setParagraphs(isOn) {
			const anchor = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest(".editor-lines .line");
			inParagraphs = isOn;
			element.dataset.paragraphs = String(isOn);
			arrange();
			anchor?.scrollIntoView({ block: "center" });
		},

		/** @param {SpeakerLabels} labels */
		setSpeakers(labels) {
			if (JSON.stringify(labels) === JSON.stringify(speakers)) return;
			speakers = labels;
			renderAll();
		},

		/** @param {string} id of a speaker; "": everybody */
		showOnly(id) {
			if (id === onlySpeaker) return;
			onlySpeaker = id;
			shown.forEach((_, index) => showOrHide(index));
			if (!isEditing) arrange();
		},

		/** What is selected, or the line that has the focus, or is played. @returns {Omit<import("./selection.js").SelectedPart, "rect">|null} */
		chosenPart() {
			const focused = indexOf(document.activeElement);
			const index = focused >= 0 ? focused : current.index;
			const line = shown[index];
			const whole = line && { from: index, to: index, start: line.start, end: line.end, text: line.text.trim(), speaker: nameIn(line) };
			return selection() ?? whole ?? null;
		},

		get shown() {
			return shown;
		},

		selection,
		pauseFollowing: following.pause,

		/** Marks the line and the word at the play position. @param {number} time @param {"play"|"seek"} cause */
		showTime(time, cause) {
			const isOtherLine = current.mark(time);
			if (cause === "seek") following.resume();
			else if (isOtherLine) following.follow();
		},

		/** Returns to the play position, with the caret if it is in a line. */
		follow() {
			if (isEditing && element.contains(document.activeElement)) focusLine(current.index, 0);
			following.resume();
		},

		localize() {
			element.ariaLabel = t("editor.transcript");
			renderAll();
		},
	};
}
