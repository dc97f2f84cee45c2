/** Uploads files, two at a time, again if the server was unreachable. The files are held here; the store has their progress. */

import { ApiError, errorText } from "./api.js";

const MAX_CONCURRENT = 2;
const METADATA_TIMEOUT_MS = 3000;

/** @param {Store} store @returns {UploadQueue} */
export function createUploadQueue(store) {
	/** @type {Map<string, UploadTask>} */
	const tasks = new Map();
	let count = 0;

	function startWaiting() {
		let free = MAX_CONCURRENT;
		for (const { upload } of tasks.values()) if (upload.phase === "sending" || upload.phase === "checking") free -= 1;
		for (const task of tasks.values()) {
			if (task.upload.phase !== "waiting" || free <= 0) continue;
			free -= 1;
			void run(task);
		}
	}

	/** @param {UploadTask} task */
	async function run({ upload: { id, model }, open, send, controller: { signal } }) {
		update(id, { phase: "sending" });
		try {
			const file = await open();
			update(id, { totalBytes: file.size });
			if (model) void audioDuration(file).then((duration) => update(id, { duration }));
			await send(file, signal, (bytes) => {
				const isSent = bytes >= file.size;
				update(id, { sentBytes: isSent ? file.size : bytes, phase: isSent ? "checking" : "sending" });
			});
			remove(id);
		} catch (error) {
			const isUnreachable = error instanceof ApiError && error.code === "unreachable";
			if (!signal.aborted) update(id, { phase: isUnreachable ? "interrupted" : "failed", error: errorText(error) });
		}
		startWaiting();
	}

	/** @param {string} id @param {Partial<Upload>} changes */
	function update(id, changes) {
		const task = tasks.get(id);
		if (!task) return;
		task.upload = { ...task.upload, ...changes };
		store.dispatch({ type: "upload/changed", data: task.upload });
	}

	/** @param {string} id */
	function remove(id) {
		tasks.delete(id);
		store.dispatch({ type: "upload/removed", data: id });
	}

	/** @param {string} id */
	function retry(id) {
		update(id, { phase: "waiting", sentBytes: 0, error: null });
		startWaiting();
	}

	// What the server's absence has interrupted is sent again when it is back.
	store.onOnline(() => {
		for (const { upload } of tasks.values()) if (upload.phase === "interrupted") queueMicrotask(() => retry(upload.id));
	});

	return {
		retry,
		add(filename, totalBytes, open, send, model = "") {
			const id = `upload-${++count}`;
			/** @type {Upload} */
			const upload = { id, filename, phase: "waiting", sentBytes: 0, totalBytes, error: null, model, duration: null };
			tasks.set(id, { upload, open, send, controller: new AbortController() });
			update(id, {});
			startWaiting();
		},
		cancel(id) {
			tasks.get(id)?.controller.abort();
			remove(id);
		},
	};
}

/** @param {File} file @returns {Promise<number|null>} seconds; null where the browser can't tell */
function audioDuration(file) {
	const audio = new Audio(URL.createObjectURL(file));
	return new Promise((resolve) => {
		const finish = () => {
			URL.revokeObjectURL(audio.src);
			resolve(Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : null);
		};
		audio.onloadedmetadata = audio.onerror = finish;
		setTimeout(finish, METADATA_TIMEOUT_MS);
	});
}
