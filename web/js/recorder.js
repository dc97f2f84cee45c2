/**
 * Records from the microphone, and what is heard in a tab. The samples are sent to the server while they are recorded,
 * so that neither a reload nor a crash loses them; while the server is unreachable they wait here.
 */

const BYTES_PER_S = 2 * 16_000;
const SEND_INTERVAL_MS = 300; // as soon as that, the text can come
const RETRY_MS = 1000;
const MAX_REQUEST_BYTES = 512 * 1024;
const MAX_LAST_BYTES = 60 * 1024; // browsers allow 64 kB that outlive a page

/** @param {Api} api @param {() => void} onChange @param {string} preferred the microphone's id; "": the system's */
export function createRecorder(api, onChange, preferred) {
	/** @type {AudioContext|undefined} */
	let context;
	/** @type {MediaStream|undefined} */
	let stream;
	/** The sound of a tab or of the system. @type {MediaStream|undefined} */
	let shared;
	/** @type {AudioWorkletNode|undefined} */
	let node;
	/** What the server hasn't confirmed. @type {Uint8Array<ArrayBuffer>[]} */
	let waiting = [];
	let sentBytes = 0;
	/** Tells the server this page's samples from another's. */
	let pageId = "";
	/** @type {Timer} */
	let timer;
	/** Ends the lock by which other tabs know that the recording goes on. @type {(() => void)|undefined} */
	let release;
	/** @type {Promise<void>|undefined} */
	let sending;

	const recorder = {
		jobId: "",
		isPaused: false,
		isStopping: false,
		level: 0,
		/** The id of the one in use. */
		microphone: "",
		/** Why samples aren't on the server: it doesn't answer. */
		isWaiting: false,

		get seconds() {
			return (sentBytes + waiting.reduce((sum, { length }) => sum + length, 0)) / BYTES_PER_S;
		},

		/** Whether a tab's or the system's sound is recorded, too. */
		get isSharing() {
			return shared !== undefined;
		},

		start,
		useMicrophone,
		toggleSharing,
		togglePause,
		stop,
		abandon,
	};

	/** Opens the microphone; continues the recording `id`, or begins the one that `begin` creates. Raises where that isn't possible. @param {string} id @param {() => Promise<Job>} begin */
	async function start(id, begin) {
		stream = await openMicrophone(preferred);
		try {
			recorder.jobId = id || (await begin()).job_id;
			await takeOver();
			await listen(stream);
		} catch (error) {
			close();
			throw error;
		}
		void navigator.locks?.request(lockName(recorder.jobId), () => new Promise((resolve) => (release = () => resolve(undefined))));
		timer = setInterval(send, SEND_INTERVAL_MS);
		addEventListener("pagehide", saveLast);
		onChange();
	}

	/** Continues with another one. @param {string} id */
	async function useMicrophone(id) {
		preferred = id;
		const opened = await openMicrophone(id);
		closeMicrophone();
		stream = opened;
		await listen(opened);
	}

	/** Where the preferred one is missing, the browser takes another. @param {string} id */
	async function openMicrophone(id) {
		const audio = { echoCancellation: false, noiseSuppression: false, ...(id && { deviceId: { ideal: id } }) };
		const opened = await navigator.mediaDevices.getUserMedia({ audio });
		recorder.microphone = opened.getAudioTracks()[0]?.getSettings().deviceId ?? "";
		return opened;
	}

	/** Begins or ends the recording of what is heard in a tab, which the user chooses. @returns whether it has sound */
	async function toggleSharing() {
		if (shared) {
			endSharing();
			return true;
		}
		const chosen = await navigator.mediaDevices.getDisplayMedia({ audio: true, video: true });
		const [track] = chosen.getAudioTracks();
		if (!track || !recorder.jobId) {
			for (const each of chosen.getTracks()) each.stop();
			return false;
		}
		track.addEventListener("ended", endSharing);
		shared = chosen;
		connect(chosen);
		onChange();
		return true;
	}

	function endSharing() {
		for (const track of shared?.getTracks() ?? []) track.stop();
		shared = undefined;
		onChange();
	}

	/** @param {MediaStream} source */
	function connect(source) {
		if (context && node) context.createMediaStreamSource(source).connect(node);
	}

	/** @param {MediaStream} source */
	async function listen(source) {
		context = new AudioContext();
		await context.audioWorklet.addModule("recording-worklet.js");
		node = new AudioWorkletNode(context, "recording", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
		node.port.onmessage = ({ data }) => {
			const samples = /** @type {Int16Array<ArrayBuffer>} */ (data);
			recorder.level = recorder.isPaused ? 0 : samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0) / 32_767;
			if (!recorder.isPaused && !recorder.isStopping) waiting.push(new Uint8Array(samples.buffer));
			onChange();
		};
		connect(source);
		if (shared) connect(shared);
	}

	/** From now on the server ignores what the page before sends. What that one kept comes first. */
	async function takeOver() {
		pageId = crypto.randomUUID();
		sentBytes = (await api.sendSamples(recorder.jobId, pageId, 0, new Uint8Array())).size_bytes;
		/** @type {[number, ...number[][]]} */
		const [keptFrom, ...kept] = JSON.parse(sessionStorage.getItem(lockName(recorder.jobId)) ?? "[]");
		if (keptFrom + kept.flat().length < sentBytes) return; // another tab went on
		sentBytes = keptFrom ?? sentBytes;
		waiting = kept.map((part) => new Uint8Array(part));
	}

	/** The page is closed, or reloaded, perhaps with more than can be sent. */
	function saveLast() {
		if (waiting.length) void api.sendSamples(recorder.jobId, pageId, sentBytes, joined(takeBytes(waiting, MAX_LAST_BYTES)), true).catch(() => {});
		sessionStorage.setItem(lockName(recorder.jobId), JSON.stringify([sentBytes, ...waiting.map((part) => [...part])]));
	}

	/** Sends what waits, once at a time. */
	function send() {
		sending ??= sendWaiting().finally(() => (sending = undefined));
		return sending;
	}

	async function sendWaiting() {
		while (waiting.length) {
			try {
				const parts = takeBytes(waiting, MAX_REQUEST_BYTES);
				const samples = joined(parts);
				await api.sendSamples(recorder.jobId, pageId, sentBytes, samples);
				waiting = waiting.slice(parts.length);
				sentBytes += samples.length; // it may have more: saveLast()
				recorder.isWaiting = false;
			} catch {
				recorder.isWaiting = true;
				return onChange();
			}
		}
	}

	function togglePause() {
		recorder.isPaused = !recorder.isPaused;
		onChange();
	}

	/** Queues the recording, as soon as the server has all of it. */
	async function stop() {
		if (!recorder.jobId || recorder.isStopping) return;
		recorder.isStopping = true;
		closeMicrophone();
		onChange();
		await send();
		while (waiting.length) {
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			await send();
		}
		const id = recorder.jobId;
		close();
		await api.finishRecording(id);
	}

	/** Stops without queueing it. @returns {string} the job's id */
	function abandon() {
		const id = recorder.jobId;
		close();
		return id;
	}

	function closeMicrophone() {
		for (const track of stream?.getTracks() ?? []) track.stop();
		void context?.close();
		stream = context = node = undefined;
	}

	function close() {
		closeMicrophone();
		endSharing();
		clearInterval(timer);
		removeEventListener("pagehide", saveLast);
		release?.();
		release = undefined;
		waiting = [];
		sentBytes = 0;
		recorder.jobId = "";
		recorder.isPaused = recorder.isStopping = recorder.isWaiting = false;
		onChange();
	}

	return recorder;
}

/** Whether another tab is making this recording. @param {string} id */
export async function isRecordedElsewhere(id) {
	const { held = [] } = (await navigator.locks?.query()) ?? {};
	return held.some(({ name }) => name === lockName(id));
}

/** @param {string} id */
function lockName(id) {
	return `localwhisper.recording.${id}`;
}

/** The first parts, up to a number of bytes. @param {readonly Uint8Array<ArrayBuffer>[]} parts @param {number} maxBytes */
function takeBytes(parts, maxBytes) {
	let total = 0;
	return parts.filter(({ length }) => (total += length) <= maxBytes);
}

/** @param {readonly Uint8Array<ArrayBuffer>[]} parts */
function joined(parts) {
	return new Uint8Array(parts.flatMap((part) => [...part]));
}
