/**
 * A part of the waveform, enlarged, while the text is corrected: the lines' borders can be dragged, a click plays from
 * there. With the keyboard, times are typed in the line's own fields.
 */

import { t } from "../i18n.js";
import { h, query, setText } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { moveBorder, setLineTime } from "./edits.js";
import { peaksDrawing } from "./peaks.js";
import { lineIndexAt } from "./text-positions.js";

const LENGTHS_S = [4, 8, 15, 30, 60, 120];
const DEFAULT_LENGTH_S = 15;
/** How near to a border the pointer has to be. */
const GRAB_PX = 7;
/** Lines closer than this touch. */
const TOUCHING_S = 0.02;

/** A line's edge, or where it touches the next line. @typedef {{index: number, edge: "start"|"end"|"border", time: number}} Border */

/**
 * @param {HTMLElement} element @param {number} duration seconds, until the waveform says it exactly
 * @param {{seek: (seconds: number) => void, lines: () => Lines, change: (lines: Lines, groupKey: string) => void}} host
 * @param {AbortSignal} signal
 */
export function timeline(element, duration, { seek, lines, change }, signal) {
	const area = query(element, ".timeline-area");
	const drawing = peaksDrawing(query(area, "canvas", HTMLCanvasElement), area);
	const labels = query(area, ".timeline-lines");
	const scale = query(element, ".timeline-scale");
	let time = 0;
	let length = DEFAULT_LENGTH_S;
	let from = 0;
	/** The one that is dragged. @type {Border|undefined} */
	let dragged;
	/** What the lines' elements show. */
	let rendered = { lines: /** @type {Lines} */ ([]), from: -1, length: 0, width: 0 };
	const observer = new ResizeObserver(draw);
	observer.observe(area);
	signal.addEventListener("abort", () => observer.disconnect());
	area.addEventListener("pointerdown", (event) => {
		area.setPointerCapture(event.pointerId);
		dragged = borderAt(event);
		if (!dragged) seek(timeAt(event));
	}, { signal });
	area.addEventListener("pointermove", (event) => {
		area.dataset.grab = String(Boolean(dragged ?? borderAt(event)));
		if (dragged) drag(dragged, Math.max(timeAt(event), 0));
	}, { signal });
	for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) area.addEventListener(type, () => (dragged = undefined), { signal });
	area.addEventListener("wheel", (event) => {
		event.preventDefault();
		event.stopPropagation(); // the text isn't scrolled
		if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) show(from + (event.deltaX / area.clientWidth) * length);
		else zoom(event.deltaY > 0 ? 1 : -1, timeAt(event));
	}, { signal });
	query(element, ".zoom-in").addEventListener("click", () => zoom(-1, time), { signal });
	query(element, ".zoom-out").addEventListener("click", () => zoom(1, time), { signal });

	/** @param {MouseEvent} event */
	function timeAt({ clientX }) {
		const { left, width } = area.getBoundingClientRect();
		return from + ((clientX - left) / width) * length;
	}

	/** @returns {Border[]} those that can be seen */
	function borders() {
		const shown = lines();
		const first = Math.max(lineIndexAt(shown, from) - 1, 0);
		/** @type {Border[]} */
		const found = [];
		for (let index = first; index < shown.length; index += 1) {
			const [line, next] = [/** @type {Segment} */ (shown[index]), shown[index + 1]];
			if (line.start > from + length) break;
			const touchesPrevious = found.at(-1)?.edge === "border";
			if (!touchesPrevious) found.push({ index, edge: "start", time: line.start });
			found.push({ index, edge: next && Math.abs(next.start - line.end) < TOUCHING_S ? "border" : "end", time: line.end });
		}
		return found;
	}

	/** @param {MouseEvent} event @returns {Border|undefined} */
	function borderAt(event) {
		const near = (GRAB_PX / area.clientWidth) * length;
		const at = timeAt(event);
		const distance = (/** @type {Border} */ border) => Math.abs(border.time - at);
		return borders().filter((border) => distance(border) <= near).sort((a, b) => distance(a) - distance(b))[0];
	}

	/** Not beyond what the neighbours allow. @param {Border} border @param {number} to */
	function drag({ index, edge }, to) {
		const changed = edge === "border" ? moveBorder(lines(), index, to) : setLineTime(lines(), index, edge, to);
		change(changed, `${edge} ${index}`);
		draw();
	}

	/** @param {1|-1} step @param {number} around a time that stays where it is */
	function zoom(step, around) {
		const next = LENGTHS_S[LENGTHS_S.indexOf(length) + step];
		if (!next) return;
		const share = Math.min(Math.max((around - from) / length, 0), 1);
		length = next;
		show(around - share * length);
	}

	/** @param {number} start of what is shown */
	function show(start) {
		from = Math.max(Math.min(start, duration - length), 0);
		draw();
	}

	function draw() {
		if (element.hidden) return;
		const x = drawing.draw({ from, to: from + length }, time);
		if (x) renderLines(x);
	}

	/** The text of each line over its sound. @param {(seconds: number) => number} x in pixels */
	function renderLines(x) {
		const shown = lines();
		if (rendered.lines === shown && rendered.from === from && rendered.length === length && rendered.width === area.clientWidth) return;
		rendered = { lines: shown, from, length, width: area.clientWidth };
		setText(scale, `${formatTime(from, 1)} – ${formatTime(Math.min(from + length, duration), 1)}`);
		const first = Math.max(lineIndexAt(shown, from), 0);
		const visible = shown.slice(first).filter(({ start, end }) => start < from + length && end > from);
		labels.replaceChildren(...visible.map((line) => {
			const label = h("span", { dir: "auto" }, line.text.trim());
			label.style.left = `${x(line.start)}px`;
			label.style.width = `${x(line.end) - x(line.start)}px`;
			return label;
		}));
	}

	return {
		/** @param {Waveform} waveform */
		setWaveform(waveform) {
			duration = waveform.duration;
			rendered.from = -1;
			drawing.setWaveform(waveform);
			draw();
		},

		/** Follows the play position. @param {number} newTime */
		setTime(newTime) {
			time = newTime;
			if (!dragged && (time < from || time > from + length)) from = Math.max(Math.min(time - length * 0.1, duration - length), 0);
			draw();
		},

		/** @param {boolean} isVisible */
		setVisible(isVisible) {
			element.hidden = !isVisible;
			if (isVisible) this.setTime(time);
		},

		/** Brings a line into view. @param {Segment} line */
		showLine({ start, end }) {
			if (start < from || end > from + length) show(start - Math.max((length - (end - start)) / 2, length * 0.1));
		},

		/** The lines have changed. */
		update: draw,

		localize() {
			area.ariaLabel = t("timeline.label");
			draw();
		},
	};
}
