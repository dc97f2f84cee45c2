/** The bar of the recording from the microphone, in every view; after a reload it offers to continue. */

import { errorText } from "../api.js";
import { language, t } from "../i18n.js";
import { h, icon, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { createRecorder, isRecordedElsewhere } from "../recorder.js";
import { createLivePanel } from "./live-panel.js";

/** @type {Component} */
export function recordingBar(element, app) {
	const { api, actions, commands } = app;
	const recorder = createRecorder(api, render, load("microphone", ""));
	const panel = createLivePanel(element, api);
	const microphone = query(element, "#microphone select", HTMLSelectElement);
	/** A recording that was interrupted, as by a reload. @type {Job|undefined} */
	let interrupted;
	let problem = "";
	const [bar, text, time, error] = queryEach(element, ".recording", ".recording-text", "[role=timer]", ".error");
	const [pause, stop, proceed, discard, share, mark] = queryEach(element, "#pause", "#stop", "#continue-recording", "#discard", "#share", "#mark");
	const level = query(element, "meter", HTMLMeterElement);
	pause.addEventListener("click", recorder.togglePause);
	proceed.addEventListener("click", () => interrupted && start(interrupted.job_id));
	stop.addEventListener("click", finish);
	discard.addEventListener("click", () => {
		const id = recorder.jobId ? recorder.abandon() : (interrupted?.job_id ?? "");
		panel.close();
		if (id) actions.remove(id);
	});
	mark.addEventListener("click", () => {
		panel.mark();
		app.toast.show(t("record.marked"), "live.close", () => undefined);
	});
	share.addEventListener("click", toggleSharing);
	microphone.addEventListener("change", chooseMicrophone);
	navigator.mediaDevices?.addEventListener("devicechange", () => recorder.jobId && showMicrophones());
	addEventListener("beforeunload", (event) => recorder.jobId && event.preventDefault());
	commands.register({ "list:record": () => (recorder.jobId ? finish() : start("")) });

	/** @param {string} id of a recording to continue; "": begin one */
	async function start(id) {
		if (recorder.jobId) return;
		problem = "";
		const options = app.selectedOptions();
		try {
			await recorder.start(id, () => api.beginRecording({ ...options, filename: newName() }));
			panel.follow(recorder.jobId);
			await showMicrophones();
		} catch (reason) {
			const isDenied = reason instanceof DOMException || !isSecureContext;
			problem = isDenied ? t(isSecureContext ? "record.refused" : "record.insecure") : errorText(reason);
		}
		render();
	}

	async function showMicrophones() {
		const devices = await navigator.mediaDevices.enumerateDevices();
		const microphones = devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId);
		microphone.replaceChildren(...microphones.map(({ deviceId, label }) => new Option(label, deviceId)));
		microphone.value = recorder.microphone;
		setVisible(query(element, "#microphone"), microphones.length > 1);
	}

	async function chooseMicrophone() {
		save("microphone", microphone.value);
		try {
			await recorder.useMicrophone(microphone.value);
		} catch (reason) {
			problem = errorText(reason);
			render();
		}
	}

	async function toggleSharing() {
		problem = "";
		try {
			if (!(await recorder.toggleSharing())) problem = t("record.no_sound");
		} catch (reason) {
			if (!(reason instanceof DOMException)) problem = errorText(reason); // else nothing was chosen
		}
		render();
	}

	async function finish() {
		try {
			if (recorder.jobId) await recorder.stop();
			else if (interrupted) await api.finishRecording(interrupted.job_id);
		} catch (reason) {
			problem = errorText(reason);
			render();
		}
	}

	function render() {
		const isRecording = recorder.jobId !== "";
		const { isPaused, isStopping, isWaiting } = recorder;
		const isActive = isRecording && !isStopping;
		setVisible(bar, isRecording || interrupted !== undefined);
		element.dataset.state = !isRecording ? "interrupted" : isWaiting ? "waiting" : isPaused ? "paused" : "recording";
		document.documentElement.dataset.recording = bar.hidden ? "" : element.dataset.state;
		setText(time, formatTime(isRecording ? recorder.seconds : (interrupted?.audio_duration ?? 0)));
		setText(text, t(!isRecording ? "record.interrupted" : isWaiting ? "record.waiting" : isStopping ? "edit.saving" : isPaused ? "record.paused" : "record.running"));
		level.value = Math.sqrt(recorder.level);
		for (const part of [level, pause, mark]) setVisible(part, isActive);
		for (const part of [stop, discard]) setVisible(part, !isStopping);
		setVisible(proceed, !isRecording);
		setText(query(stop, "span"), t(isRecording ? "record.stop" : "again.start"));
		const label = t(isPaused ? "record.resume" : "record.pause");
		if (pause.textContent !== label) pause.replaceChildren(icon(isPaused ? "mic" : "pause"), h("span", {}, label));
		setText(query(share, "span"), t(recorder.isSharing ? "record.unshare" : "record.share"));
		setVisible(share, isActive && navigator.mediaDevices?.getDisplayMedia !== undefined);
		setTextOrHide(error, problem);
		if (!isActive) setVisible(query(element, "#microphone"), false);
		panel.render();
	}

	/** @param {State} state */
	async function findInterrupted({ entries, removing }) {
		const pending = Object.values(entries).find(({ job }) => job.status === "pending" && job.job_id !== recorder.jobId);
		const job = pending && !removing.includes(pending.job.job_id) ? pending.job : undefined;
		const isElsewhere = job && (await isRecordedElsewhere(job.job_id));
		interrupted = isElsewhere ? undefined : job;
		render();
	}

	return (state, before) => {
		if (!before || state.entries !== before.entries || state.removing !== before.removing) void findInterrupted(state);
	};
}

function newName() {
	const when = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date());
	return `${t("record.name", { when }).replaceAll(/[/:]/g, ".")}.wav`;
}
