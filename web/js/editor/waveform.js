/** Draws the recording's waveform, lighter where nobody speaks. It is a slider that seeks. */

import { t } from "../i18n.js";
import { query } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const BAR_PX = 3;
const NO_SPEECH_ALPHA = 0.45;

/** @param {HTMLElement} element @param {(seconds: number) => void} onSeek @param {AbortSignal} signal */
export function waveform(element, onSeek, signal) {
	const canvas = query(element, "canvas", HTMLCanvasElement);
	/** From 0 to 1. @type {readonly number[]} */
	let peaks = [];
	/** From and to, in seconds. @type {readonly (readonly [number, number])[]} */
	let speech = [];
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
		const { clientWidth: width, clientHeight: height } = element;
		const context = canvas.getContext("2d");
		if (!context || !width) return;
		resizeCanvas(width, height);
		context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
		context.clearRect(0, 0, width, height);
		// The stylesheet sets both colours on the element.
		const { color: playedColor, borderTopColor: remainingColor } = getComputedStyle(element);
		const playedWidth = duration ? (time / duration) * width : 0;
		const barCount = Math.floor(width / BAR_PX);
		for (let bar = 0; bar < barCount; bar += 1) {
			const x = bar * BAR_PX;
			const barHeight = Math.max(maxPeak(bar / barCount, (bar + 1) / barCount) * height, 2);
			context.fillStyle = x < playedWidth ? playedColor : remainingColor;
			context.globalAlpha = isSpeech(bar / barCount, (bar + 1) / barCount) ? 1 : NO_SPEECH_ALPHA;
			context.fillRect(x, (height - barHeight) / 2, BAR_PX - 1, barHeight);
		}
		context.globalAlpha = 1;
		context.fillStyle = playedColor;
		context.fillRect(Math.min(playedWidth, width - 2), 0, 2, height);
	}

	/** Only where the size differs: setting it clears the canvas. @param {number} width @param {number} height in CSS pixels */
	function resizeCanvas(width, height) {
		const [pixelWidth, pixelHeight] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
		if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
		if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
	}

	/** @param {number} from @param {number} to fractions of the duration */
	function maxPeak(from, to) {
		const part = peaks.slice(Math.floor(from * peaks.length), Math.ceil(to * peaks.length));
		return part.reduce((max, peak) => Math.max(max, peak), 0);
	}

	/** @param {number} from @param {number} to fractions of the duration */
	function isSpeech(from, to) {
		return speech.some(([start, end]) => start < to * duration && end > from * duration);
	}

	return {
		/** @param {Waveform} waveform whose highest peak fills the height */
		setWaveform(waveform) {
			const max = Math.max(...waveform.peaks, 1);
			peaks = waveform.peaks.map((peak) => peak / max);
			speech = waveform.speech;
			draw();
		},

		/** @param {number} newTime @param {number} newDuration seconds */
		update(newTime, newDuration) {
			time = newTime;
			duration = newDuration;
			draw();
			const valueText = t("part_of_total", { part: formatTime(time), total: formatTime(duration) });
			if (element.ariaValueText === valueText) return;
			element.ariaLabel = t("editor.position");
			element.ariaValueMax = String(Math.round(duration));
			element.ariaValueNow = String(Math.round(time));
			element.ariaValueText = valueText;
		},
	};
}
