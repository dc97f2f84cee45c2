/** Files on their way to the server, two at a time; the files themselves stay here, the store has the figures. */

import { errorText } from "./actions.js";
import { durationOf } from "./lib/duration.js";

const AT_ONCE = 2;

/** @typedef {{upload: Upload, options: SubmitOptions, open: () => Promise<File>, stop: AbortController}} Sending */

/** @param {Api} api @param {Store} store @returns {Uploads} */
export function uploadsTo(api, store) {
	/** @type {Map<string, Sending>} */
	const all = new Map();
	let count = 0;

	function next() {
		let free = AT_ONCE;
		for (const { upload } of all.values()) if (upload.phase === "sending" || upload.phase === "checking") free -= 1;
		for (const sending of all.values()) {
			if (sending.upload.phase !== "waiting" || free <= 0) continue;
			free -= 1;
			void send(sending);
		}
	}

	/** @param {Sending} sending */
	async function send({ upload: { id }, options, open, stop: { signal } }) {
		change(id, { phase: "sending" });
		try {
			const file = await open();
			change(id, { total_bytes: file.size });
			void durationOf(file).then((duration) => change(id, { duration }));
			await api.submit(file, options, signal, (bytes) => {
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
		store.dispatch({ type: "upload/gone", data: id });
	}

	return {
		add(filename, total_bytes, options, open) {
			const id = `upload-${++count}`;
			/** @type {Upload} */
			const upload = { id, filename, phase: "waiting", sent_bytes: 0, total_bytes, error: null, model: options.model, duration: null };
			all.set(id, { upload, options, open, stop: new AbortController() });
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
