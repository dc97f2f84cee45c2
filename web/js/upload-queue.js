/** Files on their way to the server, two at a time; the files themselves stay here, the store has the figures. */

import { errorText } from "./api.js";

const AT_ONCE = 2;
const PATIENCE_MS = 3000;

/** @param {Store} store @returns {Uploads} */
export function createUploadQueue(store) {
	/** @type {Map<string, UploadTask>} */
	const all = new Map();
	let count = 0;

	function next() {
		let free = AT_ONCE;
		for (const { upload } of all.values()) if (upload.phase === "sending" || upload.phase === "checking") free -= 1;
		for (const sending of all.values()) {
			if (sending.upload.phase !== "waiting" || free <= 0) continue;
			free -= 1;
			void start(sending);
		}
	}

	/** @param {UploadTask} sending */
	async function start({ upload: { id, model }, open, send, stop: { signal } }) {
		change(id, { phase: "sending" });
		try {
			const file = await open();
			change(id, { total_bytes: file.size });
			if (model) void durationOf(file).then((duration) => change(id, { duration }));
			await send(file, signal, (bytes) => {
				const whole = bytes >= file.size;
				change(id, { sent_bytes: whole ? file.size : bytes, phase: whole ? "checking" : "sending" });
			});
			forget(id);
		} catch (error) {
			if (!signal.aborted) change(id, { phase: "failed", error: errorText(error) });
		}
		next();
	}

	/** @param {string} id @param {Partial<Upload>} difference */
	function change(id, difference) {
		const sending = all.get(id);
		if (!sending) return;
		sending.upload = { ...sending.upload, ...difference };
		store.dispatch({ type: "upload/changed", data: sending.upload });
	}

	/** @param {string} id */
	function forget(id) {
		all.delete(id);
		store.dispatch({ type: "upload/removed", data: id });
	}

	return {
		add(filename, total_bytes, open, send, model = "") {
			const id = `upload-${++count}`;
			/** @type {Upload} */
			const upload = { id, filename, phase: "waiting", sent_bytes: 0, total_bytes, error: null, model, duration: null };
			all.set(id, { upload, open, send, stop: new AbortController() });
			change(id, {});
			next();
		},
		retry(id) {
			change(id, { phase: "waiting", sent_bytes: 0, error: null });
			next();
		},
		cancel(id) {
			all.get(id)?.stop.abort();
			forget(id);
		},
	};
}

/** How long a recording is, where the browser can tell. @param {File} file @returns {Promise<number|null>} seconds */
function durationOf(file) {
	const audio = new Audio(URL.createObjectURL(file));
	return new Promise((resolve) => {
		const done = () => {
			URL.revokeObjectURL(audio.src);
			resolve(Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : null);
		};
		audio.onloadedmetadata = audio.onerror = done;
		setTimeout(done, PATIENCE_MS);
	});
}
