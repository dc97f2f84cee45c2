/** How jobs change. Pure and idempotent: segments are merged by id, and a snapshot replaces the jobs it covers. */

/** The most jobs in a snapshot: MAX_SNAPSHOT_JOBS of the server. A full one means that there may be older jobs. */
export const PAGE_SIZE = 50;

/** @param {string} status */
export function hasEnded(status) {
	return status === "completed" || status === "failed" || status === "cancelled";
}

/** Whether some of its text has been decoded. @param {Job} job */
export function hasText({ status, progress }) {
	return status === "completed" || progress > 0;
}

/** On the desk. @param {Job} job */
export function canOpen(job) {
	return job.status === "processing" || hasText(job);
}

/** @type {Handlers} */
export const JOB_HANDLERS = {
	// Messages of the server

	job: updateJob,

	snapshot(state, { jobs, queue }) {
		const isFull = jobs.length >= PAGE_SIZE;
		const oldest = jobs.at(-1)?.created_at ?? "";
		const older = isFull ? state.jobIds.filter((id) => createdAt(state, id) < oldest) : [];
		/** @type {Record<string, JobEntry>} */
		const entries = {};
		for (const id of [...older, ...(state.searchResults?.jobIds ?? [])]) {
			const entry = state.entries[id];
			if (entry) entries[id] = entry;
		}
		for (const job of jobs) {
			const entry = state.entries[job.job_id];
			// Segments missed while disconnected come with the job's details; until then the known ones stay visible.
			entries[job.job_id] = entry
				? { ...withJob(entry, job), liveSegments: [], loading: false, actionError: null }
				: newEntry(job);
		}
		const jobIds = [...jobs.map((job) => job.job_id), ...older];
		return { ...state, entries, jobIds, queue, hasOlder: isFull && state.cursor !== null };
	},

	progress(state, data, jobId) {
		const entry = state.entries[jobId];
		if (!entry || hasEnded(entry.job.status)) return state;
		return updateEntry(state, jobId, { job: { ...entry.job, ...data } });
	},

	segment(state, segment, jobId) {
		const entry = state.entries[jobId];
		if (!entry || entry.result) return state;
		const segments = mergeSegments(entry.segments, [segment]);
		const liveSegments = mergeSegments(entry.liveSegments, [segment]);
		return updateEntry(state, jobId, { segments, liveSegments });
	},

	words: (state, { progress }, jobId) => updateEntry(state, jobId, { aligned: progress < 100 ? progress : null }),

	corrected: (state, { speakers }, jobId) => updateEntry(state, jobId, { speakers }),

	removed(state, _data, jobId) {
		const { [jobId]: removed, ...entries } = state.entries;
		if (!removed) return state;
		const without = (/** @type {readonly string[]} */ ids) => ids.filter((id) => id !== jobId);
		const searchResults = state.searchResults && { ...state.searchResults, jobIds: without(state.searchResults.jobIds) };
		const selected = state.selected && without(state.selected);
		return { ...state, entries, searchResults, selected, jobIds: without(state.jobIds), removing: without(state.removing) };
	},

	// Answers to the page's requests

	"jobs/page"(state, { jobs, next_cursor }) {
		const listed = new Set(state.jobIds);
		const added = jobs.filter((job) => !listed.has(job.job_id));
		const entries = { ...state.entries };
		for (const job of added) entries[job.job_id] ??= newEntry(job);
		const next = { ...state, entries, cursor: next_cursor, hasOlder: next_cursor !== null };
		const jobIds = [...state.jobIds, ...added.map((job) => job.job_id)];
		return { ...next, jobIds: jobIds.sort((a, b) => createdAt(next, b).localeCompare(createdAt(next, a))) };
	},

	"jobs/previews"(state, { jobs }) {
		const entries = { ...state.entries };
		for (const { job_id, preview, speakers = [] } of jobs) {
			const entry = entries[job_id];
			if (entry && preview !== undefined) entries[job_id] = { ...entry, preview, speakers };
		}
		return { ...state, entries };
	},

	// Only the text is used: the job itself comes over the socket, so that a late answer can't revive a finished job.
	"job/detail"(state, job, jobId) {
		const entry = state.entries[jobId];
		if (!entry) return state;
		const version = job.transcript_version ?? 0;
		const isLate = hasEnded(entry.job.status) !== hasEnded(job.status) || (entry.result && version < entry.version);
		if (isLate) return updateEntry(state, jobId, { loading: false });
		const result = entry.job.status === "completed" ? (job.result ?? null) : null;
		const segments = result ? (result.segments ?? []) : mergeSegments(job.segments ?? [], entry.liveSegments);
		return updateEntry(state, jobId, { result, version, segments, loading: false, actionError: null });
	},

	"job/corrected"(state, { version, segments, speakers }, jobId) {
		const result = state.entries[jobId]?.result;
		if (!result) return state;
		const text = segments.map((segment) => segment.text).join("");
		return updateEntry(state, jobId, { result: { ...result, segments, text, speakers: speakers ?? result.speakers }, version, segments });
	},

	"filter/results"(state, { filter, jobs, next_cursor, append }) {
		if (filter !== state.filter) return state; // a late answer to an earlier filter
		const entries = { ...state.entries };
		const excerpts = { ...(append ? state.searchResults?.excerpts : {}) };
		const jobIds = new Set(append ? state.searchResults?.jobIds : []);
		for (const { excerpt, ...job } of jobs) {
			entries[job.job_id] ??= newEntry(job);
			if (excerpt) excerpts[job.job_id] = excerpt;
			jobIds.add(job.job_id);
		}
		return { ...state, entries, searchResults: { jobIds: [...jobIds], excerpts, cursor: next_cursor } };
	},

	// What the user does

	"job/loading": (state, _data, jobId) => updateEntry(state, jobId, { loading: true, actionError: null }),
	"job/action-error": (state, actionError, jobId) => updateEntry(state, jobId, { actionError, loading: false }),
	"job/removing"(state, isRemoving, jobId) {
		const others = state.removing.filter((id) => id !== jobId);
		return { ...state, removing: isRemoving ? [...others, jobId] : others };
	},
	"filter/changed"(state, filter) {
		return { ...state, filter, searchResults: filter.q || filter.status || filter.tag ? state.searchResults : null };
	},
};

/** @param {State} state @param {Job} job @returns {State} */
function updateJob(state, job) {
	const id = job.job_id;
	const entry = state.entries[id];
	const entries = { ...state.entries, [id]: entry ? withJob(entry, job) : newEntry(job) };
	if (entry && state.jobIds.includes(id)) return { ...state, entries: updateQueuePositions(entries, entry.job, job) };
	const index = state.jobIds.findIndex((other) => createdAt(state, other) <= job.created_at);
	return { ...state, entries, jobIds: state.jobIds.toSpliced(index < 0 ? state.jobIds.length : index, 0, id) };
}

/** Moves up the jobs behind one that leaves the queue. @param {Record<string, JobEntry>} entries @param {Job} before @param {Job} after */
function updateQueuePositions(entries, before, after) {
	const freed = before.status === "queued" && after.status !== "queued" ? before.queue_position : null;
	if (!freed) return entries;
	for (const [id, entry] of Object.entries(entries)) {
		const position = entry.job.queue_position;
		if (entry.job.status !== "queued" || !position || position <= freed) continue;
		entries[id] = { ...entry, job: { ...entry.job, queue_position: position - 1 } };
	}
	return entries;
}

/** @param {State} state @param {string} jobId @param {Partial<JobEntry>} changes @returns {State} */
function updateEntry(state, jobId, changes) {
	const entry = state.entries[jobId];
	return entry ? { ...state, entries: { ...state.entries, [jobId]: { ...entry, ...changes } } } : state;
}

/** @param {Job} job @returns {JobEntry} */
function newEntry(job) {
	return { job, segments: [], liveSegments: [], result: null, version: 0, loading: false, actionError: null, preview: job.preview ?? null, speakers: job.speakers ?? [], aligned: null };
}

/** @param {JobEntry} entry @param {Job} job @returns {JobEntry} */
function withJob(entry, job) {
	const isRetried = hasEnded(entry.job.status) && !hasEnded(job.status);
	return { ...(isRetried ? newEntry(job) : entry), job, speakers: job.speakers ?? entry.speakers, actionError: null };
}

/** @param {State} state @param {string} id @returns {string} ISO 8601 */
function createdAt(state, id) {
	return state.entries[id]?.job.created_at ?? "";
}

/** By id; the added ones replace those known. @param {Lines} known @param {Lines} added @returns {Lines} */
function mergeSegments(known, added) {
	const last = known.at(-1);
	const first = added[0];
	if (!first) return known;
	if (!last || (added.length === 1 && first.id > last.id)) return [...known, ...added]; // the usual case
	const byId = new Map([...known, ...added].map((segment) => [segment.id, segment]));
	return [...byId.values()].sort((a, b) => a.id - b.id);
}
