/** Plays the recording: play and pause, skip, speed, waveform. Shows the picture of a video. */

import { clipUrl } from "../api.js";
import { t } from "../i18n.js";
import { cloneTemplate, h, icon, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatNumber, formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { DEFAULT_REWIND_S } from "../shortcuts.js";
import { waveform } from "./waveform.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const SKIP_S = 5;
/** The longest part that the server makes. */
const PART_S = 300;

/**
 * @param {string} id @param {number} duration seconds @param {boolean} isFirstTrack what was transcribed; browsers play no other @param {(seconds: number, cause: "play"|"seek") => void} onTime
 * @param {AbortSignal} signal stops playback and removes the listeners
 */
export function createPlayer(id, duration, isFirstTrack, onTime, signal) {
	let frame = 0;
	/** Where playback ends before the recording does. */
	let stopAt = Infinity;
	/** Whether playback goes on from where it was paused, which then is a little earlier. */
	let rewinds = false;
	/** Where to go once the browser has gone where it was sent before: Chromium hangs if it is sent elsewhere meanwhile. @type {number|null} */
	let nextTime = null;
	const media = h("video", { preload: "metadata", playsinline: true, hidden: true });
	/** Of a recording that the browser can't play, or whose other track was transcribed, the server makes playable parts. Where the loaded one begins; null: the whole is loaded. @type {number|null} */
	let partStart = null;
	const element = cloneTemplate("player");
	const [playButton, time, total, status, error] = queryEach(element, ".primary", ".clock :first-child", ".total", ".hint", ".error");
	const speedSelect = query(element, "select", HTMLSelectElement);
	const wave = waveform(query(element, ".waveform"), seek, signal);
	for (const type of ["play", "pause", "seeked", "ended"]) on(type, update);
	on("pause", () => media.ended || (stopAt = Infinity)); // the next part may follow
	on("timeupdate", () => position() >= stopAt && media.pause()); // also while the page isn't shown
	on("error", () => {
		if (partStart === null && duration) void loadPart(position(), !media.paused);
		else setVisible(error, true);
	});
	on("ended", () => {
		const next = (partStart ?? duration) + PART_S;
		if (partAt(next) === next) void loadPart(next, true);
	});
	on("loadedmetadata", () => {
		setVisible(media, media.videoWidth > 0);
		media.closest(".desk-body")?.toggleAttribute("data-video", media.videoWidth > 0);
		if (partStart === null && media.duration > 0 && media.duration < Infinity) duration = media.duration;
		update();
	});
	speedSelect.addEventListener("change", () => setSpeed(Number(speedSelect.value)), { signal });
	signal.addEventListener("abort", disconnect);
	if (isFirstTrack) media.src = `job/${id}/audio`;
	else void loadPart(0, false);

	/** @param {string} type @param {() => void} listener */
	function on(type, listener) {
		media.addEventListener(type, listener, { signal });
	}

	/** Where the part begins that has this time. The last one isn't empty. @param {number} time */
	function partAt(time) {
		return Math.floor(Math.max(Math.min(time, duration - 0.1), 0) / PART_S) * PART_S;
	}

	/** As a whole: browsers seek only in what they have, or can ask for in parts. @param {number} at seconds @param {boolean} plays */
	async function loadPart(at, plays) {
		const from = partAt(at);
		const end = Math.min(from + PART_S, duration);
		partStart = from;
		setTextOrHide(status, t("upload.loading"));
		setVisible(error, false);
		unload();
		moveTo(at - from); // kept until it is loaded
		if (plays) start();
		const part = await fetch(clipUrl(id, from, end, "mp3")).then((answer) => answer.blob()).catch(() => new Blob()); // which can't be played
		if (signal.aborted || partStart !== from) return;
		setTextOrHide(status, "");
		const [time, isPlaying] = [media.currentTime, !media.paused];
		media.src = URL.createObjectURL(part);
		moveTo(time);
		if (isPlaying) start();
	}

	/** @param {number} time seconds in the part */
	function moveTo(time) {
		nextTime = media.seeking ? time : null;
		if (nextTime === null) media.currentTime = time;
	}

	function position() {
		return (partStart ?? 0) + (nextTime ?? media.currentTime);
	}

	/** @param {number} from @param {number} to seconds */
	function playPart(from, to) {
		play(from);
		rewinds = false;
		stopAt = to;
	}

	function togglePlay() {
		if (media.paused) play();
		else media.pause();
	}

	/** @param {number} [from] seconds */
	function play(from) {
		if (from !== undefined) seek(from);
		else if (rewinds || media.error) seek(position() - load("rewind", DEFAULT_REWIND_S));
		rewinds = true;
		start();
	}

	function start() {
		void media.play().catch(() => undefined); // the error event reports what can't be played
	}

	/** @param {number} seconds */
	function seek(seconds) {
		rewinds = !media.paused;
		stopAt = Infinity;
		const time = Math.min(Math.max(seconds, 0), duration || seconds);
		if (partStart === null || (partStart === partAt(time) && !media.error)) moveTo(time - (partStart ?? 0));
		else void loadPart(time, !media.paused);
		showTime("seek");
	}

	/** @param {number} speed */
	function setSpeed(speed) {
		speedSelect.value = String(speed);
		media.defaultPlaybackRate = media.playbackRate = speed; // the first is that of the next part
		save("speed", speed);
	}

	function update() {
		if (nextTime !== null) moveTo(nextTime);
		playButton.replaceChildren(icon(media.paused ? "play" : "pause"));
		playButton.ariaLabel = t(media.paused ? "editor.play" : "record.pause");
		cancelAnimationFrame(frame);
		animate();
	}

	function animate() {
		if (position() >= stopAt) media.pause();
		showTime();
		if (!media.paused) frame = requestAnimationFrame(animate);
	}

	/** @param {"play"|"seek"} [cause] */
	function showTime(cause = "play") {
		setText(time, formatTime(position()));
		setText(total, ` / ${formatTime(duration)}`);
		wave.update(position(), duration);
		onTime(position(), cause);
	}

	function disconnect() {
		cancelAnimationFrame(frame);
		media.pause();
		media.closest(".desk-body")?.removeAttribute("data-video");
		unload();
	}

	function unload() {
		URL.revokeObjectURL(media.src);
		media.removeAttribute("src");
		media.load();
	}

	return {
		media,
		element,
		position,
		setWaveform: wave.setWaveform,
		togglePlay,
		play,
		seek,
		playPart,
		pause: () => media.pause(),

		/** @param {1|-1} direction */
		skip(direction) {
			seek(position() + direction * SKIP_S);
		},

		/** @param {1|-1} direction to the next faster or slower speed */
		changeSpeed(direction) {
			const speed = SPEEDS[speedSelect.selectedIndex + direction];
			if (speed) setSpeed(speed);
		},

		localize() {
			speedSelect.replaceChildren(...SPEEDS.map((speed) => h("option", { value: speed }, `${formatNumber(speed)}×`)));
			setSpeed(SPEEDS.find((speed) => speed === load("speed", 1)) ?? 1);
			update();
		},
	};
}
