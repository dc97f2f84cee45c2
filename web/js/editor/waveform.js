/** The sound as a picture to scrub in. */

import { t } from "../i18n.js";
import { query } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const BAR_PX = 3;

/** @param {HTMLElement} element @param {(seconds: number) => void} onSeek */
export function waveform(element, onSeek) {
	const canvas = query(element, "canvas", HTMLCanvasElement);
	/** @type {readonly number[]} */
	let peaks = [];
	let duration = 0;
	let time = 0;
	new ResizeObserver(draw).observe(element);
	const seek = (/** @type {PointerEvent} */ { clientX }) => {
		const { left, width } = element.getBoundingClientRect();
		onSeek(Math.min(Math.max((clientX - left) / width, 0), 1) * duration);
	};
	element.addEventListener("pointerdown", (event) => {
		element.setPointerCapture(event.pointerId);
		seek(event);
	});
	element.addEventListener("pointermove", (event) => event.buttons === 1 && seek(event));
	element.addEventListener("keydown", ({ key }) => {
		if (key === "Home") onSeek(0);
		if (key === "End") onSeek(duration);
	});

	function draw() {
		const { clientWidth: width, clientHeight: height } = element;
		const pen = canvas.getContext("2d");
		if (!pen || !width) return;
		const dots = devicePixelRatio;
		if (canvas.width !== Math.round(width * dots)) canvas.width = Math.round(width * dots);
		if (canvas.height !== Math.round(height * dots)) canvas.height = Math.round(height * dots);
		pen.setTransform(dots, 0, 0, dots, 0, 0);
		pen.clearRect(0, 0, width, height);
		const { color: played, borderTopColor: rest } = getComputedStyle(element);
		const done = duration ? (time / duration) * width : 0;
		const count = Math.floor(width / BAR_PX);
		for (let bar = 0; bar < count; bar += 1) {
			const x = bar * BAR_PX;
			const tall = Math.max(loudest(bar / count, (bar + 1) / count) * height, 2);
			pen.fillStyle = x < done ? played : rest;
			pen.fillRect(x, (height - tall) / 2, BAR_PX - 1, tall);
		}
		pen.fillStyle = played;
		pen.fillRect(Math.min(done, width - 2), 0, 2, height);
	}

	/** @param {number} from @param {number} to shares of the whole */
	function loudest(from, to) {
		const part = peaks.slice(Math.floor(from * peaks.length), Math.ceil(to * peaks.length));
		return part.reduce((most, peak) => Math.max(most, peak), 0);
	}

	return {
		/** @param {readonly number[]} heights 0 to 255 */
		setPeaks(heights) {
			const most = Math.max(...heights, 1);
			peaks = heights.map((height) => height / most);
			draw();
		},

		/** @param {number} at @param {number} whole */
		update(at, whole) {
			time = at;
			duration = whole;
			draw();
			const said = t("desk.at", { at: formatTime(time), all: formatTime(duration) });
			if (element.ariaValueText === said) return;
			element.ariaLabel = t("desk.position");
			element.ariaValueMax = String(Math.round(duration));
			element.ariaValueNow = String(Math.round(time));
			element.ariaValueText = said;
		},
	};
}
