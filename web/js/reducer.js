/** State × message → state. Pure. Messages are the socket's own and, named with a slash, the page's. */

import {
  changed,
  onCorrected,
  onDetail,
  onFound,
  onOlderJobs,
  onProgress,
  onSegment,
  onSnapshot,
  withJob,
  withoutJob,
} from "./reducer-jobs.js";

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
    samples: [],
    uploads: [],
    filter: { q: "", status: "" },
    found: null,
    leaving: [],
  };
}

/**
 * @param {State} state
 * @param {{type: string, job_id?: string|null, data?: any}} message
 * @returns {State} the very same where nothing changed
 */
export function reduce(state, message) {
  const handler = HANDLERS[message.type];
  return handler ? handler(state, message.data, message.job_id ?? "") : state;
}

/** @type {Record<string, (state: State, data: any, jobId: string) => State>} */
const HANDLERS = {
  snapshot: onSnapshot,
  job: (state, job) => withJob(state, job),
  progress: onProgress,
  segment: onSegment,
  removed: (state, _data, jobId) => withoutJob(state, jobId),
  queue: (state, queue) => ({ ...state, queue }),
  model: (state, model) => ({ ...state, models: replaced(state.models, model, "name") }),

  "connection/changed": (state, connection) => (state.connection === connection ? state : { ...state, connection }),
  "jobs/page": onOlderJobs,
  "job/loading": (state, _data, jobId) => changed(state, jobId, { loading: true, problem: null }),
  "job/detail": onDetail,
  "job/leaving": (state, leaving, jobId) => ({
    ...state,
    leaving: leaving ? [...state.leaving, jobId] : state.leaving.filter((id) => id !== jobId),
  }),
  "job/corrected": onCorrected,
  "filter/changed": (state, filter) => ({ ...state, filter, found: filter.q || filter.status ? state.found : null }),
  "filter/found": onFound,
  "job/problem": (state, problem, jobId) => changed(state, jobId, { problem, loading: false }),
  "models/loaded": (state, list) => ({
    ...state,
    models: list.models,
    languages: list.languages,
    defaultModel: list.default,
  }),
  "samples/loaded": (state, samples) => ({ ...state, samples }),
  "upload/changed": (state, upload) => ({ ...state, uploads: replaced(state.uploads, upload, "id") }),
  "upload/gone": (state, id) => ({ ...state, uploads: state.uploads.filter((upload) => upload.id !== id) }),
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
