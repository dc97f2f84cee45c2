/** The whole recording's waveform. It is a slider that seeks. */

import { t } from "../i18n.js";
import { query } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { peaksDrawing } from "./peaks.js";

/** @param {HTMLElement} element @param {(seconds: number) => void} onSeek @param {AbortSignal} signal */
export function waveform(element, onSeek, signal) {
	const drawing = peaksDrawing(query(element, "canvas", HTMLCanvasElement), element);
	let duration = 0;
	let time = 0;
	const observer = new ResizeObserver(draw);
	observer.observe(element);
	signal.addEventListener("abort", () => observer.disconnect());
	const seek = (/** @type {PointerEvent} */ { clientX }) => {
		const { left, width } = element.getBoundingClientRect();
		onSeek(Math.min(Math.max((clientX - left) / width, 0), 1) * duration);
	};
	element.addEventListener("pointerdown", (event) => {
		element.setPointerCapture(event.pointerId);
		seek(event);
	}, { signal });
	element.addEventListener("pointermove", (event) => event.buttons === 1 && seek(event), { signal });
	element.addEventListener("keydown", ({ key }) => {
		if (key === "Home") onSeek(0);
		if (key === "End") onSeek(duration);
	}, { signal });

	function draw() {
		drawing.draw({ from: 0, to: duration }, time);
	}

	return {
		/** @param {Waveform} waveform */
		setWaveform(waveform) {
			drawing.setWaveform(waveform);
			draw();
		},

		/** @param {number} newTime @param {number} newDuration seconds */
		update(newTime, newDuration) {
			time = newTime;
			duration = newDuration;
			draw();
			const valueText = t("page.part_of_total", { part: formatTime(time), total: formatTime(duration) });
			if (element.ariaValueText === valueText) return;
			element.ariaLabel = t("editor.position");
			element.ariaValueMax = String(Math.round(duration));
			element.ariaValueNow = String(Math.round(time));
			element.ariaValueText = valueText;
		},
	};
}
