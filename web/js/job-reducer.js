/** How the known jobs change. Pure, and idempotent: segments are kept by id, and a snapshot replaces what was known. */

/** Jobs in one snapshot at most; a full one means that there may be older ones. */
export const PAGE_SIZE = 50;

/** @param {string} status */
export function hasEnded(status) {
	return status === "completed" || status === "failed" || status === "cancelled";
}

/** @type {Handlers} */
export const JOB_HANDLERS = {
	job: withJob,

	snapshot(state, { jobs, queue }) {
		const full = jobs.length >= PAGE_SIZE;
		const oldest = jobs.at(-1)?.created_at ?? "";
		const listed = jobs.map((job) => job.job_id);
		const older = full ? state.order.filter((id) => (state.entries[id]?.job.created_at ?? "") < oldest) : [];
		/** @type {Record<string, JobEntry>} */
		const entries = {};
		for (const id of [...older, ...(state.found?.order ?? [])]) {
			const entry = state.entries[id];
			if (entry) entries[id] = entry;
		}
		for (const job of jobs) {
			const known = state.entries[job.job_id];
			// What was missed while away comes with the details; until then the segments known stay in view.
			entries[job.job_id] = known ? { ...merged(known, job), fresh: [], loading: false, problem: null } : entryOf(job);
		}
		return { ...state, entries, order: [...listed, ...older], queue, more: full && state.cursor !== null };
	},

	progress(state, data, jobId) {
		const entry = state.entries[jobId];
		if (!entry || hasEnded(entry.job.status)) return state;
		return changed(state, jobId, { job: { ...entry.job, ...data }, watched: true });
	},

	segment(state, segment, jobId) {
		const entry = state.entries[jobId];
		if (!entry || entry.result) return state;
		const segments = merge(entry.segments, [segment]);
		return changed(state, jobId, { segments, fresh: merge(entry.fresh, [segment]), watched: true });
	},

	removed(state, _data, jobId) {
		const { [jobId]: gone, ...entries } = state.entries;
		if (!gone) return state;
		const rest = (/** @type {readonly string[]} */ ids) => ids.filter((id) => id !== jobId);
		const found = state.found && { ...state.found, order: rest(state.found.order) };
		return { ...state, entries, found, order: rest(state.order), leaving: rest(state.leaving) };
	},

	"jobs/page"(state, { jobs, next_cursor }) {
		const listed = new Set(state.order);
		const next = jobs.filter((job) => !listed.has(job.job_id));
		const entries = { ...state.entries };
		for (const job of next) entries[job.job_id] ??= entryOf(job);
		const created = (/** @type {string} */ id) => entries[id]?.job.created_at ?? "";
		const order = [...state.order, ...next.map((job) => job.job_id)].sort((a, b) => created(b).localeCompare(created(a)));
		return { ...state, entries, order, cursor: next_cursor, more: next_cursor !== null };
	},

	"job/loading": (state, _data, jobId) => changed(state, jobId, { loading: true, problem: null }),
	"job/action-error": (state, problem, jobId) => changed(state, jobId, { problem, loading: false }),
	"job/removing"(state, leaving, jobId) {
		const others = state.leaving.filter((id) => id !== jobId);
		return { ...state, leaving: leaving ? [...others, jobId] : others };
	},

	// Gives the text; the state comes from the socket alone, lest a late answer makes a finished job run again.
	"job/detail"(state, job, jobId) {
		const entry = state.entries[jobId];
		if (!entry) return state;
		const version = job.transcript_version ?? 0;
		const late = hasEnded(entry.job.status) !== hasEnded(job.status) || (entry.result && version < entry.version);
		if (late) return changed(state, jobId, { loading: false });
		const result = entry.job.status === "completed" ? (job.result ?? null) : null;
		const segments = result ? (result.segments ?? []) : merge(job.segments ?? [], entry.fresh);
		return changed(state, jobId, { result, version, segments, loading: false, problem: null });
	},

	// a person's correction, saved
	"job/corrected"(state, { version, segments }, jobId) {
		const result = state.entries[jobId]?.result;
		if (!result) return state;
		const text = segments.map((segment) => segment.text).join("");
		return changed(state, jobId, { result: { ...result, segments, text }, version, segments });
	},

	"filter/changed": (state, filter) => ({ ...state, filter, found: filter.q || filter.status ? state.found : null }),

	// a page of what a filter gave; one that answers an older filter is left out
	"filter/results"(state, { filter, jobs, next_cursor, more }) {
		if (filter !== state.filter) return state;
		const entries = { ...state.entries };
		const excerpts = { ...(more ? state.found?.excerpts : {}) };
		const order = new Set(more ? state.found?.order : []);
		for (const { excerpt, ...job } of jobs) {
			entries[job.job_id] ??= entryOf(job);
			if (excerpt) excerpts[job.job_id] = excerpt;
			order.add(job.job_id);
		}
		return { ...state, entries, found: { order: [...order], excerpts, cursor: next_cursor } };
	},
};

/** @param {State} state @param {Job} job @returns {State} */
function withJob(state, job) {
	const known = state.entries[job.job_id];
	const entries = { ...state.entries, [job.job_id]: known ? merged(known, job) : entryOf(job) };
	if (known && state.order.includes(job.job_id)) return { ...state, entries: movedUp(entries, known.job, job) };
	const at = state.order.findIndex((id) => (state.entries[id]?.job.created_at ?? "") <= job.created_at);
	return { ...state, entries, order: state.order.toSpliced(at < 0 ? state.order.length : at, 0, job.job_id) };
}

/** @param {State} state @param {string} jobId @param {Partial<JobEntry>} change @returns {State} */
function changed(state, jobId, change) {
	const entry = state.entries[jobId];
	return entry ? { ...state, entries: { ...state.entries, [jobId]: { ...entry, ...change } } } : state;
}

/** @param {Job} job @returns {JobEntry} */
function entryOf(job) {
	return { job, segments: [], fresh: [], result: null, version: 0, loading: false, watched: false, problem: null };
}

/** @param {JobEntry} entry @param {Job} job @returns {JobEntry} */
function merged(entry, job) {
	const again = hasEnded(entry.job.status) && !hasEnded(job.status);
	const base = again ? { ...entryOf(job), watched: true } : entry;
	return { ...base, job, problem: null, watched: base.watched || job.status === "processing" };
}

/** Those behind a job that leaves the queue. @param {Record<string, JobEntry>} entries @param {Job} before @param {Job} after */
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
