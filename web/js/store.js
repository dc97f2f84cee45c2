/** The one place that holds the page's state. */

import { initialState, reduce } from "./reducer.js";

export class Store {
	/** @type {State} */
	#state = initialState();
	/** @type {((state: State, before: State) => void)[]} */
	#listeners = [];

	get state() {
		return this.#state;
	}

	/** @param {{type: string, job_id?: string|null, data?: any}} message */
	dispatch(message) {
		const before = this.#state;
		this.#state = reduce(before, message);
		if (this.#state === before) return;
		for (const listener of this.#listeners) listener(this.#state, before);
	}

	/** @param {(state: State, before: State) => void} listener */
	subscribe(listener) {
		this.#listeners.push(listener);
	}
}
