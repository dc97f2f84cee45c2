/** Holds the page's state and notifies subscribers of changes. */

import { initialState, reduce } from "./reducer.js";

const FREQUENT = /^(progress|segment)$/;
const THROTTLE_MS = 100; // rendering more often would take processor time from the transcription

export class Store {
	/** @type {State} */
	#state = initialState();
	/** The state that subscribers have seen. */
	#notified = this.#state;
	#timer = 0;
	/** @type {Set<(state: State, before: State) => void>} */
	#listeners = new Set();

	get state() {
		return this.#state;
	}

	/** @param {Message} message */
	dispatch(message) {
		this.#state = reduce(this.#state, message);
		if (FREQUENT.test(message.type)) this.#timer ||= setTimeout(() => this.#notify(), THROTTLE_MS);
		else this.#notify();
	}

	#notify() {
		clearTimeout(this.#timer);
		this.#timer = 0;
		const before = this.#notified;
		if (this.#state === before) return;
		this.#notified = this.#state;
		for (const listener of this.#listeners) listener(this.#state, before);
	}

	/** @param {(state: State, before: State) => void} listener */
	subscribe(listener) {
		this.#listeners.add(listener);
	}

	/** @param {() => void} listener is called each time that there is a connection again */
	onOnline(listener) {
		this.subscribe(({ connection }, before) => connection === "online" && before.connection !== "online" && listener());
	}
}
