/** A recording from the microphone: level, pause, listen, then send or discard. */

import { language, t } from "../i18n.js";
import { button, h, icon, say, setText, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";

const TICK_MS = 80;

/** @param {(files: File[]) => void} onFiles */
export function recorderPanel(onFiles) {
	/** @type {MediaRecorder|undefined} */
	let recorder;
	/** @type {File|undefined} */
	let file;
	let elapsed_ms = 0;
	const level = h("meter", { min: 0, max: 1, "aria-hidden": "true" });
	const time = h("span", { class: "figures", role: "timer" });
	const listen = h("audio", { controls: true, label: "record.listen" });
	const problem = h("p", { class: "problem", role: "alert", hidden: true });
	const pause = h("button", { type: "button", class: "button small", onclick: togglePause });
	const stop = button("small primary", "record.stop", () => recorder?.stop(), "stop");
	const running = h("div", { class: "recording" }, h("span", { class: "pulse" }), time, level, pause, stop);
	const send = button("small primary", "record.send", () => {
		if (file) onFiles([file]);
		reset();
	});
	const review = h("div", { class: "recording" }, listen, send, button("small ghost", "record.discard", reset));
	const element = h("recorder-panel", {}, running, review, problem);
	draw();

	async function start() {
		if (recorder) return;
		reset();
		try {
			record(await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } }));
		} catch {
			say(problem, t(isSecureContext ? "record.refused" : "record.insecure"));
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
			setText(time, clock(elapsed_ms / 1000));
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
		show(problem, false);
		draw();
	}

	function draw() {
		const paused = recorder?.state === "paused";
		show(running, recorder !== undefined);
		show(review, file !== undefined);
		element.dataset.paused = String(paused);
		pause.replaceChildren(icon(paused ? "mic" : "pause"), t(paused ? "record.resume" : "record.pause"));
		setText(time, clock(elapsed_ms / 1000));
	}

	return { element, start, draw };
}
