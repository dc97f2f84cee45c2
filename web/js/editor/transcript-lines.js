/**
 * The transcript's lines in the editor. Words are marked with CSS highlights, so that a line stays a single text node
 * however many words it has.
 */

import { t } from "../i18n.js";
import { cloneTemplate, h, setText } from "../lib/dom.js";
import { formatTime, parseTime } from "../lib/format.js";
import { moveCaret } from "./caret-lines.js";
import { diffLines, insertLine, mergeLines, removeLine, replaceText, setLineTime, splitLine, timeLimits } from "./edits.js";
import { createFollowing } from "./following.js";
import { lineMarks, MARKS } from "./line-marks.js";
import { paragraphStarts } from "./paragraphs.js";
import { selectedPart } from "./selection.js";
import { lineIndexAt, timeAtOffset, wordPositions } from "./text-positions.js";
import { caretOffset, clearHighlights, highlight, placeCaret, rangeIn } from "./text-ranges.js";

const FOCUSABLE_TIME = "button.time[tabindex='0']";

/** @param {LinesHost} host @param {AbortSignal} signal removes the listeners and highlights */
export function transcriptLines(host, signal) {
	const element = h("ol", { class: "lines editor-lines" });
	const { children } = element;
	const tools = cloneTemplate("line-tools");
	/** @type {Lines} */
	let shown = [];
	let isEditing = false;
	let inParagraphs = false;
	/** @type {SpeakerLabels} */
	let speakers = {};
	let onlySpeaker = ""; // whose lines are shown; "": everybody's
	let currentIndex = -1; // the line at the play position
	const blank = h("li", {}, h("button", { type: "button", class: "time figures", tabindex: -1 }), h("span", { class: "line-text", dir: "auto" }));
	/** Lines in or near the view. Only these can be edited: to make all of thousands editable takes half a second. @type {Set<Element>} */
	const nearby = new Set();

	/** By data-tool. @type {Record<string, (index: number) => void>} */
	const TOOLS = {
		start: (index) => setTime(index, "start", host.currentTime()),
		end: (index) => setTime(index, "end", host.currentTime()),
		insert,
		split,
		merge,
		remove,
	};
	const timeFields = /** @type {HTMLInputElement[]} */ ([...tools.querySelectorAll("input")]);
	tools.addEventListener("mousedown", (event) => event.target instanceof HTMLInputElement || event.preventDefault(), { signal }); // keeps the caret in the line
	tools.addEventListener("change", ({ target }) => {
		if (!(target instanceof HTMLInputElement)) return;
		setTime(indexOf(tools), edgeOf(target), parseTime(target.value));
		target.value = formatTime(shown[indexOf(tools)]?.[edgeOf(target)] ?? 0, 1);
	}, { signal });
	tools.addEventListener("click", ({ target }) => {
		const tool = target instanceof Element && target.closest("button")?.dataset.tool;
		if (tool) TOOLS[tool]?.(indexOf(tools));
	}, { signal });
	element.addEventListener("contentvisibilityautostatechange", onVisibilityChange, { signal });
	element.addEventListener("pointerdown", ({ target }) => target instanceof Element && makeEditable(target.closest("li")), { signal });
	element.addEventListener("click", onClick, { signal });
	element.addEventListener("keydown", onKeydown, { signal });
	element.addEventListener("input", ({ target }) => {
		if (!isLineText(target)) return;
		const index = indexOf(target);
		host.change(replaceText(shown, index, target.textContent ?? ""), `text ${index}`);
	}, { signal });
	element.addEventListener("focusin", ({ target }) => {
		if (!isEditing || !isLineText(target) || tools.parentElement === target.parentElement) return;
		target.parentElement?.append(tools);
		renderTimeFields();
		host.editLine(/** @type {Segment} */ (shown[indexOf(target)]));
	}, { signal });
	element.addEventListener("focusout", onFocusOut, { signal });
	signal.addEventListener("abort", () => clearHighlights("word", "last-word", ...MARKS));
	const following = createFollowing(() => children[currentIndex], () => document.activeElement?.closest(".editor-lines[data-editing=true] li") ?? null, host.showFollowing, signal);
	const marks = lineMarks({ lines: () => shown, rangeOf, show, change: (lines) => host.change(lines) });

	// Rendering

	/** @param {Segment} segment */
	function createLine(segment) {
		const line = /** @type {HTMLLIElement} */ (blank.cloneNode(true));
		renderLine(line, segment);
		return line;
	}

	/** @param {Element} line */
	function renderLine(line, /** @type {Segment} */ { id, start, end, text, channel, speaker }) {
		const time = /** @type {HTMLElement} */ (line.firstElementChild);
		const lineText = textElement(line);
		const [shownTime, shownEnd] = [formatTime(start, 1), formatTime(end, 1)];
		/** @type {HTMLElement} */ (line).dataset.segment = String(id);
		setText(time, shownTime.slice(0, -2));
		time.dataset.tenths = shownTime.slice(-2);
		time.dataset.end = shownEnd;
		time.title = `${shownTime} – ${shownEnd}`;
		time.ariaLabel = t("job.play_from", { time: shownTime.slice(0, -2) });
		const who = speakers[speaker ?? ""];
		const name = who?.name ?? (channel && !speaker ? channelName(channel) : undefined);
		if (name) lineText.dataset.channel = name;
		else delete lineText.dataset.channel;
		if (who) lineText.dataset.colour = who.colour;
		else delete lineText.dataset.colour;
		/** @type {HTMLElement} */ (line).hidden = onlySpeaker !== "" && speaker !== onlySpeaker;
		if (lineText.role) lineText.ariaLabel = t("edit.line", { time: shownTime.slice(0, -2) });
		if ((lineText.textContent ?? "").trim() !== text.trim()) lineText.textContent = text.trim();
	}

	function renderAll() {
		shown.forEach((segment, index) => renderLine(/** @type {Element} */ (children[index]), segment));
	}

	/** They are an arrangement of the lines, by the style sheet. */
	function renderParagraphs() {
		if (inParagraphs) paragraphStarts(shown).forEach((begins, index) => children[index]?.toggleAttribute("data-begins", begins));
	}

	/** Of the line that has the tools; not while one is typed. */
	function renderTimeFields() {
		const line = shown[indexOf(tools)];
		for (const field of timeFields) {
			if (line && field !== document.activeElement) field.value = formatTime(line[edgeOf(field)], 1);
		}
	}

	/** @param {Event} event as the browser begins or ends to lay out a line */
	function onVisibilityChange(event) {
		const { target, skipped } = /** @type {ContentVisibilityAutoStateChangeEvent} */ (event);
		const line = /** @type {Element} */ (target);
		if (skipped) return void nearby.delete(line);
		nearby.add(line);
		makeEditable(line);
	}

	/** While correcting. @param {Element|null} line */
	function makeEditable(line) {
		const lineText = isEditing && line && textElement(line);
		if (!lineText || lineText.role) return;
		lineText.contentEditable = "plaintext-only";
		lineText.role = "textbox";
		lineText.ariaLabel = t("edit.line", { time: line.firstElementChild?.textContent ?? "" });
	}

	/** @param {Place} place */
	function rangeOf({ line, from, to }) {
		const element = children[line];
		return element ? rangeIn(textElement(element), from, to) : null;
	}

	/** Away from the play position. @param {number} index */
	function show(index) {
		following.pause();
		children[index]?.scrollIntoView({ block: "center" });
	}

	// Mouse and keyboard

	/** @param {Event} event */
	function onClick(event) {
		const { target } = event;
		const index = indexOf(target);
		const segment = shown[index];
		if (!segment || !(target instanceof Element) || target.closest(".line-tools")) return;
		if (target.closest(".time")) return host.play(segment.start);
		if (isEditing || !getSelection()?.isCollapsed || !(event instanceof MouseEvent)) return;
		const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
		const isInText = caret && textElement(children[index]).contains(caret.offsetNode);
		host.play(isInText ? timeAtOffset(segment, caret.offset) : segment.start);
	}

	/** @param {KeyboardEvent} event */
	function onKeydown(event) {
		const { key, target } = event;
		const index = indexOf(target);
		if (target instanceof Element && target.closest(".time")) {
			const step = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
			if (!step || !shown[index + step]) return;
			event.preventDefault();
			setFocusableTime(index + step)?.focus();
		} else if (isLineText(target) && moveCaret(event, target, (direction) => children[index + direction] && textElement(children[index + direction]))) {
			event.preventDefault();
		} else if (isLineText(target) && key === "Enter" && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			split(index);
		} else if (isLineText(target) && key === "Backspace" && index > 0 && caretOffset(target) === 0 && getSelection()?.isCollapsed) {
			event.preventDefault();
			merge(index - 1);
		}
	}

	/** Arrow keys move between the times; Tab reaches only this one. @param {number} index */
	function setFocusableTime(index) {
		element.querySelector(FOCUSABLE_TIME)?.setAttribute("tabindex", "-1");
		const time = children[index]?.firstElementChild;
		time?.setAttribute("tabindex", "0");
		return /** @type {HTMLElement|undefined} */ (time);
	}

	/** @param {EventTarget|null} target */
	function indexOf(target) {
		const line = target instanceof Element ? target.closest("li") : null;
		return line ? Array.prototype.indexOf.call(children, line) : -1;
	}

	// Editing

	/** Splits the line at the caret. @param {number} index */
	function split(index) {
		host.change(splitLine(shown, index, caretOffset(textElement(children[index])) ?? 0));
		focusLine(index + 1, 0);
	}

	/** Joins the line with the next one. @param {number} index */
	function merge(index) {
		const offset = shown[index]?.text.trim().length ?? 0;
		host.change(mergeLines(shown, index));
		focusLine(index, offset);
	}

	/** Or says why that isn't possible. @param {number} index @param {"start"|"end"} edge @param {number} time */
	function setTime(index, edge, time) {
		const { min, max } = timeLimits(shown, index, edge);
		if (Number.isNaN(time)) return host.refuse(t("time.unreadable"));
		if (formatTime(time, 1) === formatTime(shown[index]?.[edge] ?? -1, 1)) return;
		const changed = setLineTime(shown, index, edge, time);
		if (changed !== shown) return host.change(changed);
		const limits = { min: formatTime(min, 1), max: formatTime(max, 1), time: formatTime(time, 1) };
		host.refuse(t(time < min ? `time.${edge}_too_early` : `time.${edge}_too_late`, limits));
	}

	/** An emptied line goes once the focus has left it. @param {FocusEvent} event */
	function onFocusOut({ target, relatedTarget }) {
		const index = indexOf(target);
		if (index >= 0 && index !== indexOf(relatedTarget) && shown[index]?.text.trim() === "") host.change(removeLine(shown, index));
	}

	/** An empty line, with the caret in it. @param {number} index */
	function insert(index) {
		const inserted = insertLine(shown, index, host.currentTime());
		host.change(inserted.lines);
		focusLine(inserted.index, 0);
	}

	/** @param {number} index */
	function remove(index) {
		host.change(removeLine(shown, index));
		focusLine(Math.min(index, shown.length - 1), 0);
	}

	/** @param {number} index @param {number} offset of the caret */
	function focusLine(index, offset) {
		const line = children[index];
		if (!line) return;
		makeEditable(line);
		placeCaret(textElement(line), offset);
	}

	return {
		element,
		marks,

		/** @param {Lines} lines */
		update(lines) {
			const { at, remove, insert } = diffLines(shown, lines, (a, b) => a === b);
			if (remove === insert.length) {
				insert.forEach((segment, offset) => renderLine(/** @type {Element} */ (children[at + offset]), segment));
			} else {
				const hadFocus = element.contains(document.activeElement);
				tools.remove();
				for (const line of [...children].slice(at, at + remove)) line.remove();
				element.insertBefore(h("li"), children[at] ?? null).replaceWith(...insert.map(createLine));
				currentIndex = -1;
				// The focused line may have been replaced.
				if (hadFocus) queueMicrotask(() => element.contains(document.activeElement) || focusLine(Math.min(at, shown.length - 1), 0));
			}
			shown = lines;
			renderTimeFields();
			renderParagraphs();
			if (!element.querySelector(FOCUSABLE_TIME)) setFocusableTime(0);
			marks.update();
		},

		/** @param {boolean} isOn */
		setEditing(isOn) {
			isEditing = isOn;
			element.dataset.editing = String(isOn);
			if (isOn) return nearby.forEach(makeEditable);
			tools.remove();
			for (const lineText of element.querySelectorAll("[contenteditable]")) {
				for (const name of ["contenteditable", "role", "aria-label"]) lineText.removeAttribute(name);
			}
		},

		/** To read; lines are corrected one by one. @param {boolean} isOn */
		setParagraphs(isOn) {
			const anchor = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest(".editor-lines li");
			inParagraphs = isOn;
			element.hidden = true; // hidden lines take a fifth of the time to restyle
			void element.offsetHeight;
			element.dataset.paragraphs = String(isOn);
			renderParagraphs();
			element.hidden = false;
			anchor?.scrollIntoView({ block: "center" });
		},

		/** @param {SpeakerLabels} labels */
		setSpeakers(labels) {
			speakers = labels;
			renderAll();
		},

		/** @param {string} id of a speaker; "": everybody */
		showOnly(id) {
			if (id === onlySpeaker) return;
			onlySpeaker = id;
			renderAll();
		},

		/** The selected lines, or the one that has the focus, or is played. @returns {{at: number, count: number}|null} */
		chosenLines() {
			const selected = selectedPart(element, shown);
			if (selected) return { at: selected.from, count: selected.to - selected.from + 1 };
			const focused = indexOf(document.activeElement);
			const index = focused >= 0 ? focused : currentIndex;
			return index >= 0 ? { at: index, count: 1 } : null;
		},

		get shown() {
			return shown;
		},

		/** With the name of its speaker, if there is only one. */
		selection() {
			const part = selectedPart(element, shown);
			const [speaker, ...others] = new Set(part && shown.slice(part.from, part.to + 1).map((line) => speakers[line.speaker ?? ""]?.name ?? ""));
			return part && Object.assign(part, { speaker: others.length ? "" : speaker });
		},

		/** Marks the line and the word at the play position. @param {number} time @param {"play"|"seek"} cause */
		showTime(time, cause) {
			const index = lineIndexAt(shown, time);
			const isOtherLine = index !== currentIndex;
			if (isOtherLine) {
				children[currentIndex]?.removeAttribute("aria-current");
				children[index]?.setAttribute("aria-current", "true");
				currentIndex = index;
			}
			if (cause === "seek") following.resume();
			else if (isOtherLine) following.follow();
			const words = shown[index] ? wordPositions(/** @type {Segment} */ (shown[index])) : [];
			const at = words.findIndex(({ start, end }) => start <= time && time < end);
			for (const [name, word] of /** @type {const} */ ([["word", words[at]], ["last-word", at > 0 ? words[at - 1] : undefined]])) {
				highlight(name, word ? [rangeOf({ line: index, from: word.from, to: word.to })] : []);
			}
		},

		/** Returns to the play position, with the caret if it is in a line. */
		follow() {
			if (isEditing && element.contains(document.activeElement)) focusLine(currentIndex, 0);
			following.resume();
		},

		localize() {
			element.ariaLabel = t("editor.transcript");
			renderAll();
		},
	};
}

/** In the page's language. @param {string} channel left, right, channel 3 … */
function channelName(channel) {
	if (channel === "left" || channel === "right") return t(`channel.${channel}`);
	return t("channel.number", { number: channel.replace(/\D+/g, "") });
}

/** @param {Element|undefined} line */
function textElement(line) {
	return /** @type {HTMLElement} */ (line?.children[1]);
}

/** @param {HTMLElement} field of a time @returns {"start"|"end"} */
function edgeOf(field) {
	return field.dataset.edge === "end" ? "end" : "start";
}

/** @param {EventTarget|null} target @returns {target is HTMLElement} */
function isLineText(target) {
	return target instanceof HTMLElement && target.classList.contains("line-text");
}
