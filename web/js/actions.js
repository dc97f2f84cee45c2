/** What users can do. Outcomes arrive over the socket; only errors are handled here. */

import { ApiError, errorText } from "./api.js";
import { t } from "./i18n.js";
import { PAGE_SIZE, hasEnded } from "./job-reducer.js";
import { createUndoableRemoval } from "./undoable-removal.js";

const SCRIPT = /\.(txt|srt|vtt)$/i;

/** @param {Omit<App, "actions">} app @returns {Actions} */
export function createActions({ api, store, uploads, toast }) {
	/** For requests that the next connection or click repeats. @param {() => Promise<unknown>} request */
	const logErrors = (request) => request().catch((error) => console.warn("localwhisper:", errorText(error)));

	/** @param {string} id @param {() => Promise<unknown>} request */
	const showErrorOnJob = (id, request) =>
		request().catch((error) => store.dispatch({ type: "job/action-error", job_id: id, data: errorText(error) }));

	/** @param {Model} model @param {() => Promise<unknown>} request */
	const showErrorOnModel = (model, request) =>
		request().catch((error) => store.dispatch({ type: "model", data: { ...model, error: { code: "", message: errorText(error) } } }));

	/** @type {(options: SubmitOptions) => SendFile<{job_id: string}>} */
	const submitWith = (options) => (file, signal, onSent) => api.submit(file, options, signal, onSent);

	/** Recordings, and texts to align them with. @param {File[]} files @param {SubmitOptions} options */
	async function submitWithScripts(files, options) {
		const { pairScripts, rememberScript } = await import("./pending-scripts.js");
		const { recordings, scripts } = pairScripts(files, SCRIPT);
		for (const file of recordings) {
			const script = scripts.get(file);
			/** @type {SendFile} */
			const send = async (...args) => {
				const text = await script?.text();
				const submitted = await submitWith(script ? { ...options, word_timestamps: true } : options)(...args);
				if (text !== undefined) rememberScript(submitted.job_id, text);
				return submitted;
			};
			uploads.add(file.name, file.size, async () => file, send, options.model);
		}
	}

	/** Asks whether a file may have the name of a published model. @type {SendFile<Model>} */
	async function importConfirmed(file, signal, onSent) {
		try {
			return await api.importModel(file, {}, signal, onSent);
		} catch (error) {
			const isRefused = !(error instanceof ApiError && error.code === "published_name") || !confirm(t("model.confirm_name", { name: file.name }));
			if (isRefused) throw error;
			return api.importModel(file, { as_published: true }, signal, onSent);
		}
	}

	/** @type {Actions} */
	const actions = {
		loadCatalogue: () =>
			logErrors(async () => {
				const [models, options, samples] = await Promise.all([api.models(), api.options(), api.samples()]);
				store.dispatch({ type: "catalogue/loaded", data: { ...models, options, samples } });
			}),
		fetchJob: (id) => logErrors(async () => store.dispatch({ type: "job", data: await api.job(id) })),
		loadPreviews: () => logErrors(async () => store.dispatch({ type: "jobs/previews", data: await api.jobs(PAGE_SIZE) })),
		loadJob(id) {
			store.dispatch({ type: "job/loading", job_id: id });
			return showErrorOnJob(id, async () => store.dispatch({ type: "job/detail", job_id: id, data: await api.job(id) }));
		},
		filter(change) {
			store.dispatch({ type: "filter/changed", data: { ...store.state.filter, ...change } });
			return actions.search();
		},
		async search(cursor = null) {
			const { filter } = store.state;
			if (!filter.q && !filter.status && !filter.tag) return;
			await logErrors(async () => {
				const page = await api.jobs(PAGE_SIZE, cursor, filter);
				store.dispatch({ type: "filter/results", data: { ...page, filter, append: cursor !== null } });
			});
		},
		loadOlder() {
			const { cursor, searchResults } = store.state;
			if (searchResults) return actions.search(searchResults.cursor);
			return logErrors(async () => {
				const first = cursor === undefined ? (await api.jobs(PAGE_SIZE)).next_cursor : cursor;
				const page = first ? await api.jobs(PAGE_SIZE, first) : { jobs: [], next_cursor: null };
				store.dispatch({ type: "jobs/page", data: page });
			});
		},
		cancel: (id) => showErrorOnJob(id, () => api.cancel(id)),
		retry: (id, options, fromStart) => showErrorOnJob(id, () => api.retry(id, options, fromStart)),
		chooseTrack: (id, number) => showErrorOnJob(id, async () => {
			const options = { audio_track: String(number) };
			const status = store.state.entries[id]?.job.status ?? "";
			if (status === "completed") return api.transcribeAgain(id, options);
			if (!hasEnded(status)) await api.cancel(id);
			return api.retry(id, options);
		}),
		remove: createUndoableRemoval({ store, api, toast }),
		submit(files, options) {
			const chosen = [...files];
			if (chosen.length > 1 && chosen.some(({ name }) => SCRIPT.test(name))) return void submitWithScripts(chosen, options);
			for (const file of chosen) uploads.add(file.name, file.size, async () => file, submitWith(options), options.model);
		},
		trySample(sample) {
			const model = store.state.models.find(({ bundled }) => bundled)?.name ?? "demo";
			uploads.add(sample.title, 0, () => api.sampleFile(sample), submitWith({ model, word_timestamps: true }), model);
		},
		importModel(file, onDone) {
			uploads.add(file.name, file.size, async () => file, async (...args) => {
				const model = await importConfirmed(...args);
				store.dispatch({ type: "model", data: model });
				onDone(model);
			});
		},
		async importFound(found) {
			const model = await api.importFound(found.name);
			store.dispatch({ type: "model", data: model });
			void actions.loadCatalogue();
			return model;
		},
		downloadModel: (model, source) => showErrorOnModel(model, () => api.downloadModel(model.name, source)),
		stopDownload: (model) => showErrorOnModel(model, () => api.stopDownload(model.name)),
		removeModel: (model) => showErrorOnModel(model, async () => {
			await api.removeModel(model.name);
			void actions.loadCatalogue(); // an imported one is gone
		}),
	};
	return actions;
}
