/**
 * How the known jobs change. Pure, and idempotent where the server may repeat itself: segments are kept by id, and a
 * snapshot replaces what was known.
 */

/** Jobs in one snapshot at most; a full one means that there may be older ones. */
export const PAGE_SIZE = 50;

/** @param {string} status */
export function hasEnded(status) {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** @param {State} state @param {{jobs: Job[], queue: QueueFigures}} data @returns {State} */
export function onSnapshot(state, data) {
  const full = data.jobs.length >= PAGE_SIZE;
  const oldest = data.jobs.at(-1)?.created_at ?? "";
  const listed = new Set(data.jobs.map((job) => job.job_id));
  const older = full
    ? state.order.filter((id) => !listed.has(id) && (state.entries[id]?.job.created_at ?? "") < oldest)
    : [];
  /** @type {Record<string, Entry>} */
  const entries = {};
  for (const job of data.jobs) {
    const known = state.entries[job.job_id];
    // What was missed while away comes with the details; until then the segments known stay in view.
    entries[job.job_id] = known ? { ...merged(known, job), fresh: [], loading: false, problem: null } : entryOf(job);
  }
  for (const id of older) {
    const entry = state.entries[id];
    if (entry) entries[id] = entry;
  }
  for (const id of state.found?.order ?? []) {
    const entry = state.entries[id];
    if (entry) entries[id] ??= entry;
  }
  const order = [...data.jobs.map((job) => job.job_id), ...older];
  return { ...state, entries, order, queue: data.queue, more: full && state.cursor !== null };
}

/** @param {State} state @param {any} data @param {string} jobId @returns {State} */
export function onProgress(state, data, jobId) {
  const entry = state.entries[jobId];
  if (!entry || hasEnded(entry.job.status)) return state;
  return changed(state, jobId, { job: { ...entry.job, ...data }, watched: true });
}

/** @param {State} state @param {Segment} segment @param {string} jobId @returns {State} */
export function onSegment(state, segment, jobId) {
  const entry = state.entries[jobId];
  if (!entry || entry.result) return state;
  return changed(state, jobId, {
    segments: merge(entry.segments, [segment]),
    fresh: merge(entry.fresh, [segment]),
    watched: true,
  });
}

/** @param {State} state @param {{jobs: Job[], next_cursor: string|null}} data @returns {State} */
export function onOlderJobs(state, data) {
  const listed = new Set(state.order);
  const next = data.jobs.filter((job) => !listed.has(job.job_id)).reduce(withJob, state);
  return { ...next, cursor: data.next_cursor, more: data.next_cursor !== null };
}

/**
 * The answer of GET /job gives the text. The state comes from the socket alone: an answer that was under way for a
 * while must not turn a finished job back into a running one.
 * @param {State} state @param {Job} job @param {string} jobId @returns {State}
 */
export function onDetail(state, job, jobId) {
  const entry = state.entries[jobId];
  if (!entry) return state;
  if (hasEnded(entry.job.status) !== hasEnded(job.status)) return changed(state, jobId, { loading: false });
  const result = entry.job.status === "completed" ? (job.result ?? null) : null;
  if (result && entry.result && result.version < entry.result.version) return changed(state, jobId, { loading: false });
  const segments = result ? (result.segments ?? []) : merge(job.segments ?? [], entry.fresh);
  return changed(state, jobId, { result, segments, loading: false, problem: null });
}

/** A person's correction, saved. @param {State} state @param {{version: number, segments: Segment[]}} data @param {string} jobId */
export function onCorrected(state, { version, segments }, jobId) {
  const result = state.entries[jobId]?.result;
  if (!result) return state;
  const text = segments.map((segment) => segment.text).join("");
  return changed(state, jobId, { result: { ...result, version, segments, text }, segments });
}

/**
 * A page of what a filter gave; one that answers an older filter is left out.
 * @param {State} state
 * @param {{filter: Filter, jobs: Job[], next_cursor: string|null, more: boolean}} data
 * @returns {State}
 */
export function onFound(state, { filter, jobs, next_cursor, more }) {
  if (filter !== state.filter) return state;
  const entries = { ...state.entries };
  const excerpts = { ...(more ? state.found?.excerpts : {}) };
  for (const { excerpt, ...job } of jobs) {
    entries[job.job_id] ??= entryOf(job);
    if (excerpt) excerpts[job.job_id] = excerpt;
  }
  const before = more ? (state.found?.order ?? []) : [];
  const order = [...new Set([...before, ...jobs.map((job) => job.job_id)])];
  return { ...state, entries, found: { order, excerpts, cursor: next_cursor } };
}

/** @param {State} state @param {Job} job @returns {State} */
export function withJob(state, job) {
  const known = state.entries[job.job_id];
  const entry = known ? merged(known, job) : entryOf(job);
  const entries = { ...state.entries, [job.job_id]: entry };
  if (known && state.order.includes(job.job_id)) return { ...state, entries: movedUp(entries, known.job, job) };
  const at = state.order.findIndex((id) => (state.entries[id]?.job.created_at ?? "") <= job.created_at);
  const order = at < 0 ? [...state.order, job.job_id] : state.order.toSpliced(at, 0, job.job_id);
  return { ...state, entries, order };
}

/** @param {State} state @param {string} jobId @returns {State} */
export function withoutJob(state, jobId) {
  const { [jobId]: gone, ...entries } = state.entries;
  if (!gone) return state;
  const rest = (/** @type {readonly string[]} */ ids) => ids.filter((id) => id !== jobId);
  const found = state.found && { ...state.found, order: rest(state.found.order) };
  return { ...state, entries, found, order: rest(state.order), leaving: rest(state.leaving) };
}

/** @param {State} state @param {string} jobId @param {Partial<Entry>} change @returns {State} */
export function changed(state, jobId, change) {
  const entry = state.entries[jobId];
  return entry ? { ...state, entries: { ...state.entries, [jobId]: { ...entry, ...change } } } : state;
}

/** @param {Job} job @returns {Entry} */
function entryOf(job) {
  return { job, segments: [], fresh: [], result: null, loading: false, watched: false, problem: null };
}

/** @param {Entry} entry @param {Job} job @returns {Entry} */
function merged(entry, job) {
  const again = hasEnded(entry.job.status) && !hasEnded(job.status);
  const base = again ? { ...entryOf(job), watched: true } : entry;
  return { ...base, job, problem: null, watched: base.watched || job.status === "processing" };
}

/**
 * A job that leaves the queue lets those behind it move up by one.
 * @param {Record<string, Entry>} entries @param {Job} before @param {Job} after
 */
function movedUp(entries, before, after) {
  const left = before.status === "queued" && after.status !== "queued" ? before.queue_position : null;
  if (!left) return entries;
  for (const [id, entry] of Object.entries(entries)) {
    const position = entry.job.queue_position;
    if (entry.job.status !== "queued" || !position || position <= left) continue;
    entries[id] = { ...entry, job: { ...entry.job, queue_position: position - 1 } };
  }
  return entries;
}

/** @param {Lines} known @param {Lines} more @returns {Lines} */
function merge(known, more) {
  const last = known.at(-1);
  const first = more[0];
  if (!first) return known;
  if (!last || (more.length === 1 && first.id > last.id)) return [...known, ...more];
  const byId = new Map([...known, ...more].map((segment) => [segment.id, segment]));
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
