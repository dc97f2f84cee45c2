/** Records from the microphone with a level meter; then the recording can be played, submitted or discarded. */

import { language, t } from "../i18n.js";
import { icon, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const METER_INTERVAL_MS = 80;
const CHUNK_MS = 1000;

/** @param {HTMLElement} element @param {(files: File[]) => void} onFiles @param {AbortSignal} signal */
export function recorderPanel(element, onFiles, signal) {
	/** @type {MediaRecorder|undefined} */
	let recorder;
	/** @type {File|undefined} */
	let file;
	let elapsedMs = 0;
	const [recording, time, pause, stop] = queryEach(element, "#recording", "[role=timer]", "#pause", "#stop");
	const [review, submit, discard, error] = queryEach(element, "#recorded", "#submit-recording", "#discard", ".error");
	const level = query(element, "meter", HTMLMeterElement);
	const audio = query(element, "audio", HTMLAudioElement);
	pause.addEventListener("click", togglePause, { signal });
	stop.addEventListener("click", () => recorder?.stop(), { signal });
	discard.addEventListener("click", reset, { signal });
	submit.addEventListener("click", () => {
		if (file) onFiles([file]);
		reset();
	}, { signal });
	signal.addEventListener("abort", () => recorder?.stop());
	render();

	async function start() {
		if (recorder) return;
		reset();
		try {
			record(await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } }));
		} catch {
			setTextOrHide(error, t(isSecureContext ? "record.refused" : "record.insecure"));
		}
	}

	/** @param {MediaStream} stream */
	function record(stream) {
		const mediaRecorder = new MediaRecorder(stream);
		const stopMeter = startMeter(stream, mediaRecorder);
		/** @type {Blob[]} */
		const chunks = [];
		mediaRecorder.ondataavailable = ({ data }) => chunks.push(data);
		mediaRecorder.onstop = () => {
			for (const track of stream.getTracks()) track.stop();
			stopMeter();
			finish(new Blob(chunks, { type: mediaRecorder.mimeType }));
		};
		recorder = mediaRecorder;
		mediaRecorder.start(CHUNK_MS);
		render();
	}

	/** Shows the level and the time. @param {MediaStream} stream @param {MediaRecorder} mediaRecorder @returns {() => void} stops it */
	function startMeter(stream, mediaRecorder) {
		const context = new AudioContext();
		const analyser = context.createAnalyser();
		const samples = new Float32Array(analyser.fftSize);
		let lastMs = performance.now();
		context.createMediaStreamSource(stream).connect(analyser);
		const timer = setInterval(() => {
			const nowMs = performance.now();
			const isRecording = mediaRecorder.state === "recording";
			if (isRecording) elapsedMs += nowMs - lastMs;
			lastMs = nowMs;
			analyser.getFloatTimeDomainData(samples);
			const peak = samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
			level.value = isRecording ? Math.sqrt(peak) : 0;
			setText(time, formatTime(elapsedMs / 1000));
		}, METER_INTERVAL_MS);
		return () => {
			clearInterval(timer);
			void context.close();
		};
	}

	function togglePause() {
		if (recorder?.state === "recording") recorder.pause();
		else recorder?.resume();
		render();
	}

	/** @param {Blob} blob */
	function finish(blob) {
		recorder = undefined;
		const when = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date());
		const extension = blob.type.includes("mp4") ? "m4a" : blob.type.includes("ogg") ? "ogg" : "webm";
		const name = t("record.name", { when }).replaceAll(/[/:]/g, ".");
		file = new File([blob], `${name}.${extension}`, { type: blob.type });
		audio.src = URL.createObjectURL(blob);
		render();
		submit.focus();
	}

	function reset() {
		if (audio.src) URL.revokeObjectURL(audio.src);
		audio.removeAttribute("src");
		file = undefined;
		elapsedMs = 0;
		setVisible(error, false);
		render();
	}

	function render() {
		const isPaused = recorder?.state === "paused";
		setVisible(recording, recorder !== undefined);
		setVisible(review, file !== undefined);
		element.dataset.paused = String(isPaused);
		pause.replaceChildren(icon(isPaused ? "mic" : "pause"), t(isPaused ? "record.resume" : "record.pause"));
		setText(time, formatTime(elapsedMs / 1000));
	}

	return { start, render };
}
