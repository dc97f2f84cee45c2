/** (state, message) → state. Pure. Types with a slash are the page's own messages, the others the server's. */

import { JOB_HANDLERS } from "./job-reducer.js";

/** @returns {State} */
export function initialState() {
	return {
		connection: "connecting",
		entries: {},
		jobIds: [],
		cursor: undefined,
		hasOlder: false,
		queue: null,
		models: [],
		found: [],
		languages: [],
		defaultModel: "",
		options: [],
		formats: [],
		samples: [],
		uploads: [],
		filter: { q: "", status: "", tag: "" },
		selected: null,
		searchResults: null,
		removing: [],
	};
}

/** @param {State} state @param {Message} message @returns {State} the same object if nothing changed */
export function reduce(state, message) {
	const handler = HANDLERS[message.type];
	return handler ? handler(state, message.data, message.job_id ?? "") : state;
}

/** @type {Handlers} */
const HANDLERS = {
	...JOB_HANDLERS,
	queue: (state, queue) => ({ ...state, queue }),
	model: (state, model) => ({ ...state, models: upsert(state.models, model, "name") }),
	"connection/changed": (state, connection) => (state.connection === connection ? state : { ...state, connection }),
	"catalogue/loaded": (state, { default: defaultModel, ...catalogue }) => ({ ...state, ...catalogue, defaultModel }),
	"selection/changed": (state, selected) => ({ ...state, selected }),
	"upload/changed": (state, upload) => ({ ...state, uploads: upsert(state.uploads, upload, "id") }),
	"upload/removed": (state, id) => ({ ...state, uploads: state.uploads.filter((upload) => upload.id !== id) }),
};

/**
 * @template T
 * @param {readonly T[]} items @param {T} item @param {keyof T} key
 * @returns {readonly T[]}
 */
function upsert(items, item, key) {
	const index = items.findIndex((other) => other[key] === item[key]);
	return index < 0 ? [...items, item] : items.with(index, item);
}
