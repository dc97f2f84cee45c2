/** Passes the socket's messages to the store, and fetches what they leave out. */

import { hasText } from "./job-reducer.js";

/** This page's own corrections are answered within that; loading them, too, would take long where the text is. */
const OWN_ANSWER_MS = 1000;

/** @param {App} app @returns {(message: Message) => void} */
export function messageHandler({ store, actions }) {
	return (message) => {
		const before = store.state;
		const { type, data } = message;
		const id = message.job_id ?? "";
		store.dispatch(message);
		if (type === "snapshot") {
			for (const job of data.jobs) if (hasPartialText(job)) void actions.loadJob(job.job_id);
			// After a reconnection, in another language or from another server.
			if (before.connection !== "connecting") void actions.loadCatalogue();
			void actions.loadPreviews();
			void actions.search();
		} else if (type === "corrected") {
			setTimeout(() => {
				const entry = store.state.entries[id];
				if (entry?.result && entry.version < data.version) void actions.loadJob(id);
			}, OWN_ANSWER_MS);
		} else if (type === "job") {
			if (data.status === "completed") {
				void actions.loadCatalogue(); // the model's speed has been measured
				if (!store.state.entries[id]?.segments.length) void actions.loadPreviews(); // perhaps nobody spoke
			}
			if (before.searchResults) void actions.search();
			// A job resumed after a restart: only the server has its earlier segments.
			if (before.entries[id]?.job.status !== "processing" && hasPartialText(data)) void actions.loadJob(id);
		}
	};
}

/** @param {Job} job */
function hasPartialText(job) {
	return job.status === "processing" || (job.status !== "completed" && hasText(job));
}
