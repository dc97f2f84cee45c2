/** Draws the loudness of a part of a recording as bars, lighter where nobody speaks. */

const BAR_PX = 3;
const NO_SPEECH_ALPHA = 0.45;

/** @typedef {{from: number, to: number}} View the part that is drawn, in seconds */

/** @param {HTMLCanvasElement} canvas @param {HTMLElement} element that the canvas fills; its colour and border colour are those of the bars */
export function peaksDrawing(canvas, element) {
	/** @type {Waveform} */
	let waveform = { duration: 0, peaks: [], speech: [] };
	let highest = 1;
	/** The bars of the last view, and for what they were computed. */
	let bars = { key: "", heights: /** @type {number[]} */ ([]), speech: /** @type {boolean[]} */ ([]) };

	/** @param {View} view @param {number} count */
	function barsOf({ from, to }, count) {
		const key = [from, to, count].join();
		if (bars.key === key) return bars;
		const { duration, peaks, speech } = waveform;
		const part = (to - from) / count;
		const starts = Array.from({ length: count }, (_, bar) => from + bar * part);
		const perSecond = duration ? peaks.length / duration : 0;
		const heights = starts.map((start) => loudest(peaks, start * perSecond, (start + part) * perSecond) / highest);
		bars = { key, heights, speech: starts.map((start) => speech.some(([begin, end]) => begin < start + part && end > start)) };
		return bars;
	}

	return {
		/** @param {Waveform} next whose highest peak fills the height */
		setWaveform(next) {
			waveform = next;
			highest = next.peaks.reduce((max, peak) => Math.max(max, peak), 1);
			bars.key = "";
		},

		/** @param {View} view @param {number} time up to which it has been played @returns {((seconds: number) => number)|null} where a time is, in pixels */
		draw(view, time) {
			const { clientWidth: width, clientHeight: height } = element;
			const context = canvas.getContext("2d");
			if (!context || !width) return null;
			resizeCanvas(canvas, width, height);
			context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
			context.clearRect(0, 0, width, height);
			const { color: playedColor, borderTopColor: remainingColor } = getComputedStyle(element);
			const length = view.to - view.from;
			const x = (/** @type {number} */ seconds) => (length > 0 ? ((seconds - view.from) / length) * width : 0);
			const { heights, speech } = barsOf(view, Math.floor(width / BAR_PX));
			heights.forEach((share, bar) => {
				const barHeight = Math.max(share * height, 2);
				context.fillStyle = bar * BAR_PX < x(time) ? playedColor : remainingColor;
				context.globalAlpha = speech[bar] ? 1 : NO_SPEECH_ALPHA;
				context.fillRect(bar * BAR_PX, (height - barHeight) / 2, BAR_PX - 1, barHeight);
			});
			context.globalAlpha = 1;
			context.fillStyle = playedColor;
			context.fillRect(Math.min(x(time), width - 2), 0, 2, height);
			return x;
		},
	};
}

/** @param {readonly number[]} peaks @param {number} from @param {number} to */
function loudest(peaks, from, to) {
	let max = 0;
	for (let index = Math.max(Math.floor(from), 0); index < Math.ceil(to); index += 1) max = Math.max(max, peaks[index] ?? 0);
	return max;
}

/** Only where the size differs: setting it clears the canvas. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height in CSS pixels */
function resizeCanvas(canvas, width, height) {
	const [pixelWidth, pixelHeight] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
	if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
	if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
}
