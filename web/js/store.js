/** The one place that holds the page's state, and how what the socket says comes into it. */

import { initialState, reduce } from "./reducer.js";

export class Store {
	/** @type {State} */
	#state = initialState();
	#told = this.#state;
	#timer = 0;
	/** @type {((state: State, before: State) => void)[]} */
	#listeners = [];

	get state() {
		return this.#state;
	}

	/** @param {{type: string, job_id?: string|null, data?: any}} message */
	dispatch(message) {
		this.#state = reduce(this.#state, message);
		// The processor is for the transcription: ten times a second is enough.
		if (/^(progress|segment)$/.test(message.type)) this.#timer ||= setTimeout(() => this.#tell(), 100);
		else this.#tell();
	}

	#tell() {
		clearTimeout(this.#timer);
		this.#timer = 0;
		const before = this.#told;
		if (this.#state === before) return;
		this.#told = this.#state;
		for (const listener of this.#listeners) listener(this.#state, before);
	}

	/** @param {(state: State, before: State) => void} listener */
	subscribe(listener) {
		this.#listeners.push(listener);
	}
}

/** What the socket leaves out (the segments so far) is fetched. @param {App} app @returns {(message: Message) => void} */
export function messageHandler({ store, actions }) {
	return (message) => {
		const before = store.state;
		const { type, data } = message;
		const id = message.job_id ?? "";
		store.dispatch(message);
		if (type === "snapshot") {
			for (const job of data.jobs) if (underWay(job)) void actions.loadJob(job.job_id);
			if (before.connection !== "connecting") void actions.loadCatalogue(); // as another language, or another server, has it
			void actions.search();
		} else if (type === "corrected") {
			const known = before.entries[id];
			if (known?.result && known.version < data.version) void actions.loadJob(id);
		} else if (type === "job") {
			if (data.status === "completed") void actions.loadCatalogue(); // a speed was measured
			if (before.found) void actions.search();
			// It goes on after a restart: segments from before it are known only to the server.
			if (before.entries[id]?.job.status !== "processing" && underWay(data)) void actions.loadJob(id);
		}
	};
}

/** @param {Job} job */
function underWay(job) {
	return job.status === "processing" || (job.status === "queued" && job.progress > 0);
}
