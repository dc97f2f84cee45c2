/** The recording: play, skip, speed, waveform; a picture where it has one. */

import { language, t } from "../i18n.js";
import { queryEach, h, icon, query, setText, setVisible, cloneTemplate } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { waveform } from "./waveform.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const SKIP_S = 5;

/** @param {string} id @param {number} duration seconds @param {(seconds: number, playing: boolean) => void} onTime */
export function createPlayer(id, duration, onTime) {
	let frame = 0;
	const media = h("video", { preload: "metadata", playsinline: true, hidden: true });
	const element = cloneTemplate("player");
	const [button, time, problem] = queryEach(element, ".primary", ".clock", ".error");
	const speed = query(element, "select", HTMLSelectElement);
	const wave = waveform(query(element, ".waveform"), seek);
	for (const name of ["play", "pause", "seeked", "ended"]) media.addEventListener(name, update);
	speed.addEventListener("change", () => setSpeed(Number(speed.value)));
	media.addEventListener("error", () => setVisible(problem, true));
	media.addEventListener("loadedmetadata", () => {
		setVisible(media, media.videoWidth > 0);
		media.playbackRate = Number(speed.value);
		if (Number.isFinite(media.duration) && media.duration > 0) duration = media.duration;
		update();
	});
	media.addEventListener("click", toggle);
	media.src = `job/${id}/audio`;

	function toggle() {
		if (media.paused) void play();
		else media.pause();
	}

	/** @param {number} [from] seconds */
	function play(from) {
		if (from !== undefined) seek(from);
		return media.play().catch(() => undefined); // what the browser can't play, the error event tells
	}

	/** @param {number} seconds */
	function seek(seconds) {
		media.currentTime = Math.min(Math.max(seconds, 0), duration || seconds);
		tell();
	}

	/** @param {1|-1} way */
	function skip(way) {
		seek(media.currentTime + way * SKIP_S);
	}

	/** @param {number} factor */
	function setSpeed(factor) {
		speed.value = String(factor);
		media.playbackRate = factor;
		save("speed", factor);
	}

	function update() {
		button.replaceChildren(icon(media.paused ? "play" : "pause"));
		button.ariaLabel = t(media.paused ? "desk.play" : "desk.pause");
		cancelAnimationFrame(frame);
		follow();
	}

	function follow() {
		tell();
		if (!media.paused) frame = requestAnimationFrame(follow);
	}

	function tell() {
		setText(time, `${formatTime(media.currentTime)} / ${formatTime(duration)}`);
		wave.update(media.currentTime, duration);
		onTime(media.currentTime, !media.paused);
	}

	function localized() {
		const chosen = load("speed", 1);
		const number = new Intl.NumberFormat(language());
		speed.replaceChildren(...SPEEDS.map((factor) => h("option", { value: factor }, `${number.format(factor)}×`)));
		setSpeed(SPEEDS.includes(chosen) ? chosen : 1);
		update();
	}

	return {
		media,
		element,
		picture: wave.setPeaks,
		toggle,
		play,
		skip,
		localized,

		/** @param {1|-1} step */
		faster(step) {
			const next = SPEEDS[SPEEDS.indexOf(Number(speed.value)) + step];
			if (next) setSpeed(next);
		},

		close() {
			cancelAnimationFrame(frame);
			media.pause();
			media.removeAttribute("src");
			media.load();
		},
	};
}
