/** A recording from the microphone: level, pause, listen, then send or discard. */

import { language, t } from "../i18n.js";
import { queryEach, icon, query, setTextOrHide, setText, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const TICK_MS = 80;

/** @param {HTMLElement} element @param {(files: File[]) => void} onFiles */
export function recorderPanel(element, onFiles) {
	/** @type {MediaRecorder|undefined} */
	let recorder;
	/** @type {File|undefined} */
	let file;
	let elapsed_ms = 0;
	const [running, time, pause, stop] = queryEach(element, "#recording", "[role=timer]", "#pause", "#stop");
	const [review, send, discard, problem] = queryEach(element, "#recorded", "#send", "#discard", ".error");
	const level = query(element, "meter", HTMLMeterElement);
	const listen = query(element, "audio", HTMLAudioElement);
	pause.addEventListener("click", togglePause);
	stop.addEventListener("click", () => recorder?.stop());
	discard.addEventListener("click", reset);
	send.addEventListener("click", () => {
		if (file) onFiles([file]);
		reset();
	});
	draw();

	async function start() {
		if (recorder) return;
		reset();
		try {
			record(await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } }));
		} catch {
			setTextOrHide(problem, t(isSecureContext ? "record.refused" : "record.insecure"));
		}
	}

	/** @param {MediaStream} stream */
	function record(stream) {
		const made = new MediaRecorder(stream);
		const sound = new AudioContext();
		const meter = sound.createAnalyser();
		const samples = new Float32Array(meter.fftSize);
		/** @type {Blob[]} */
		const parts = [];
		let last = performance.now();
		sound.createMediaStreamSource(stream).connect(meter);
		const timer = setInterval(() => {
			const now = performance.now();
			const runs = made.state === "recording";
			if (runs) elapsed_ms += now - last;
			last = now;
			meter.getFloatTimeDomainData(samples);
			level.value = runs ? Math.sqrt(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)) : 0;
			setText(time, formatTime(elapsed_ms / 1000));
		}, TICK_MS);
		made.ondataavailable = ({ data }) => parts.push(data);
		made.onstop = () => {
			for (const track of stream.getTracks()) track.stop();
			clearInterval(timer);
			void sound.close();
			finish(new Blob(parts, { type: made.mimeType }));
		};
		recorder = made;
		made.start(1000);
		draw();
	}

	function togglePause() {
		if (recorder?.state === "recording") recorder.pause();
		else recorder?.resume();
		draw();
	}

	/** @param {Blob} blob */
	function finish(blob) {
		recorder = undefined;
		const when = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date());
		const kind = blob.type.includes("mp4") ? "m4a" : blob.type.includes("ogg") ? "ogg" : "webm";
		file = new File([blob], `${t("record.name", { when }).replaceAll(/[/:]/g, ".")}.${kind}`, { type: blob.type });
		listen.src = URL.createObjectURL(blob);
		draw();
		send.focus();
	}

	function reset() {
		if (listen.src) URL.revokeObjectURL(listen.src);
		listen.removeAttribute("src");
		file = undefined;
		elapsed_ms = 0;
		setVisible(problem, false);
		draw();
	}

	function draw() {
		const paused = recorder?.state === "paused";
		setVisible(running, recorder !== undefined);
		setVisible(review, file !== undefined);
		element.dataset.paused = String(paused);
		pause.replaceChildren(icon(paused ? "mic" : "pause"), t(paused ? "record.resume" : "desk.pause"));
		setText(time, formatTime(elapsed_ms / 1000));
	}

	return { start, draw };
}
