/** What a person can do. The socket tells the outcome; only refusals are told here. */

import { errorText } from "./api.js";
import { PAGE_SIZE } from "./job-reducer.js";
import { createUndoableRemoval } from "./undoable-removal.js";

/** @param {Omit<App, "actions">} page @returns {Actions} */
export function createActions({ api, store, uploads, toast }) {
	/** What the next connection, or another click, asks again. @param {() => Promise<unknown>} action */
	const quietly = (action) => action().catch((error) => console.warn("localwhisper:", errorText(error)));

	/** @param {string} id @param {() => Promise<unknown>} action */
	const onJob = (id, action) =>
		action().catch((error) => store.dispatch({ type: "job/action-error", job_id: id, data: errorText(error) }));

	/** @param {Model} model @param {() => Promise<unknown>} action */
	const onModel = (model, action) =>
		action().catch((error) => store.dispatch({ type: "model", data: { ...model, error: { code: "", message: errorText(error) } } }));

	/** @type {Actions} */
	const actions = {
		loadCatalogue: () =>
			quietly(async () => {
				const [models, options, samples] = await Promise.all([api.models(), api.options(), api.samples()]);
				store.dispatch({ type: "catalogue/loaded", data: { ...models, options, samples } });
			}),
		fetchJob: (id) => quietly(async () => store.dispatch({ type: "job", data: await api.job(id) })),
		loadJob(id) {
			store.dispatch({ type: "job/loading", job_id: id });
			return onJob(id, async () => store.dispatch({ type: "job/detail", job_id: id, data: await api.job(id) }));
		},
		filter(change) {
			store.dispatch({ type: "filter/changed", data: { ...store.state.filter, ...change } });
			return actions.search();
		},
		async search(cursor = null) {
			const { filter } = store.state;
			if (!filter.q && !filter.status) return;
			await quietly(async () => {
				const page = await api.jobs(PAGE_SIZE, cursor, filter);
				store.dispatch({ type: "filter/results", data: { ...page, filter, more: cursor !== null } });
			});
		},
		loadOlder() {
			const { cursor, found } = store.state;
			if (found) return actions.search(found.cursor);
			return quietly(async () => {
				const first = cursor === undefined ? (await api.jobs(PAGE_SIZE)).next_cursor : cursor;
				const page = first ? await api.jobs(PAGE_SIZE, first) : { jobs: [], next_cursor: null };
				store.dispatch({ type: "jobs/page", data: page });
			});
		},
		cancel: (id) => onJob(id, () => api.cancel(id)),
		retry: (id, options) => onJob(id, () => api.retry(id, options)),
		remove: createUndoableRemoval({ store, api, toast }),
		submit(files, options) {
			for (const file of files) {
				uploads.add(file.name, file.size, async () => file, (sent, ...how) => api.submit(sent, options, ...how), options.model);
			}
		},
		trySample(sample) {
			const model = store.state.models.find((each) => each.bundled)?.name ?? "demo";
			uploads.add(sample.title, 0, () => api.sampleFile(sample), (file, ...how) => api.submit(file, { model, word_timestamps: true }, ...how), model);
		},
		importModel(file, onDone) {
			uploads.add(file.name, file.size, async () => file, async (sent, ...how) => {
				const model = await api.importModel(sent, ...how);
				store.dispatch({ type: "model", data: model });
				onDone(model);
			});
		},
		downloadModel: (model) => onModel(model, () => api.downloadModel(model.name)),
		stopDownload: (model) => onModel(model, () => api.stopDownload(model.name)),
		removeModel: (model) => onModel(model, () => api.removeModel(model.name)),
	};
	return actions;
}
