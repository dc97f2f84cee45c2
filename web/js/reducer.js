/** State × message → state. Pure. Messages are the socket's own and, named with a slash, the page's. */

import { JOB_HANDLERS } from "./job-reducer.js";

/** @returns {State} */
export function initialState() {
	return {
		connection: "connecting",
		entries: {},
		order: [],
		cursor: undefined,
		more: false,
		queue: null,
		models: [],
		languages: [],
		defaultModel: "",
		options: [],
		formats: [],
		samples: [],
		uploads: [],
		filter: { q: "", status: "" },
		found: null,
		leaving: [],
	};
}

/** @param {State} state @param {Message} message @returns {State} the very same where nothing changed */
export function reduce(state, message) {
	const handler = HANDLERS[message.type];
	return handler ? handler(state, message.data, message.job_id ?? "") : state;
}

/** @type {Handlers} */
const HANDLERS = {
	...JOB_HANDLERS,
	queue: (state, queue) => ({ ...state, queue }),
	model: (state, model) => ({ ...state, models: replaced(state.models, model, "name") }),
	"connection/changed": (state, connection) => (state.connection === connection ? state : { ...state, connection }),
	"catalogue/loaded": (state, { default: defaultModel, ...catalogue }) => ({ ...state, ...catalogue, defaultModel }),
	"upload/changed": (state, upload) => ({ ...state, uploads: replaced(state.uploads, upload, "id") }),
	"upload/removed": (state, id) => ({ ...state, uploads: state.uploads.filter((upload) => upload.id !== id) }),
};

/**
 * @template T
 * @param {readonly T[]} list @param {T} item @param {keyof T} key
 * @returns {readonly T[]}
 */
function replaced(list, item, key) {
	const at = list.findIndex((other) => other[key] === item[key]);
	return at < 0 ? [...list, item] : list.with(at, item);
}
