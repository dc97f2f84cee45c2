/**
 * All HTTP requests: the only use of fetch, and of XMLHttpRequest, which reports the progress of an upload. URLs are
 * relative, so the page works under any path prefix.
 */

import { language, t } from "./i18n.js";

/** An error answer, or no answer at all. The message is for users. */
export class ApiError extends Error {
	/** @param {string} code @param {string} message @param {boolean} [isRefused] the same request would get the same answer */
	constructor(code, message, isRefused = false) {
		super(message);
		this.code = code;
		this.isRefused = isRefused;
	}
}

/** Browsers send no more after the page is closed: 64 kB. */
const MAX_KEEPALIVE_CHARS = 20_000;

const encode = encodeURIComponent;

/** @type {Api} */
export const api = {
	login: (token) => json("POST", "login", { token }),
	models: () => json("GET", "models"),
	downloadModel: (name, source) => json("POST", `models/${encode(name)}/download${source && `?source=${source}`}`),
	stopDownload: (name) => json("DELETE", `models/${encode(name)}/download`),
	removeModel: (name) => json("DELETE", `models/${encode(name)}`),
	importModel: (file, fields, signal, onSent) => upload("models/import", file, fields, signal, onSent),
	importFound: (name) => json("POST", `models/${encode(name)}/import`),
	options: async () => (await json("GET", "options")).options,
	watchedFolders: async () => (await json("GET", "watched-folders")).watched_folders,
	watchFolder: (folder) => json("POST", "watched-folders", folder),
	endWatching: (id) => request("DELETE", `watched-folders/${id}`),
	folders: (path) => json("GET", `folders?path=${encode(path)}`),
	termLists: () => json("GET", "term-lists"),
	saveTermList: (name, terms) => json("PUT", `term-lists/${encode(name)}`, { terms }),
	removeTermList: (name) => request("DELETE", `term-lists/${encode(name)}`),
	samples: async () => (await json("GET", "samples")).samples,
	async sampleFile(sample) {
		const blob = await (await request("GET", sample.url)).blob();
		return new File([blob], sample.url.split("/").at(-1) ?? sample.id, { type: blob.type });
	},
	jobs: (limit, cursor, filter) =>
		json("GET", `jobs?${new URLSearchParams({ limit: String(limit), preview: "true", ...(cursor && { cursor }), ...filter })}`),
	job: (id) => json("GET", `job/${id}`),
	describe: (id, changes) => json("PATCH", `job/${id}`, changes, { keepalive: JSON.stringify(changes).length < MAX_KEEPALIVE_CHARS }),
	cancel: (id) => json("DELETE", `job/${id}`),
	remove: (id) => json("DELETE", `job/${id}?remove=true`, undefined, { keepalive: true }),
	retry: (id, options, fromStart) => json("POST", `job/${id}/retry${fromStart ? "?from_start=true" : ""}`, options),
	transcriptText: async (id) => (await request("GET", transcriptUrl(id, "txt", true))).text(),
	transcriptFile: async (url, signal) => (await request("GET", url, { ...(signal && { signal }) })).text(),
	subtitleCheck: (id, layout, signal) => json("GET", `job/${id}/subtitle-check?${layout}`, undefined, { signal }),
	correct: (id, version, { at, remove, insert }) => json("PATCH", `job/${id}/transcript`, {
		version, at, remove, segments: insert.map(({ start, end, text }) => ({ start, end, text: text.trim() })),
	}),
	restore: (id, version) => json("DELETE", `job/${id}/transcript?version=${version}`),
	previewTerms: async (id, version, terms) => (await json("POST", `job/${id}/terms?preview=true`, { version, terms })).changes,
	words: (id) => json("POST", `job/${id}/words`),
	transcribeAgain: (id, options, isSecondOpinion) => json("POST", `job/${id}/again${isSecondOpinion ? "?second_opinion=true" : ""}`, options),
	differences: (id, otherId) => json("GET", `job/${id}/differences?with=${otherId}`),
	takeOver: (id, otherId, version, ids) => json("POST", `job/${id}/differences?with=${otherId}`, { version, ids }),
	align: (id, version, text) => json("POST", `job/${id}/align`, { version, text }),
	speakers: (id) => json("GET", `job/${id}/speakers`),
	findSpeakers: (id) => json("POST", `job/${id}/speakers`, {}),
	editSpeakers: (id, change) => json("PATCH", `job/${id}/speakers`, change),
	suggestions: async (id) => (await json("GET", `job/${id}/speakers/suggestions`)).suggestions,
	knownVoices: async () => (await json("GET", "known-voices")).known_voices,
	keepVoice: (id, speaker) => json("POST", "known-voices", { job_id: id, speaker }),
	forgetVoice: (id) => request("DELETE", `known-voices/${id}`),
	forgetVoices: () => request("DELETE", "known-voices"),
	waveform: (id) => json("GET", `job/${id}/waveform`),
	beginRecording: (recording) => json("POST", "recordings", recording),
	sendSamples: (id, recorder, offset, samples, keepalive = false) =>
		json("POST", `job/${id}/recording?recorder=${recorder}&offset=${offset}`, undefined, { body: samples, keepalive }),
	correctDraft: (id, segment, text) => request("POST", `job/${id}/recording/draft`, { body: JSON.stringify({ segment, text }) }),
	finishRecording: (id) => json("POST", `job/${id}/recording/finish`),
	submit: (file, options, signal, onSent) => upload("transcribe-job", file, options, signal, onSent),
};

/** @param {string} method @param {string} url @param {RequestInit} [init] */
async function request(method, url, init) {
	let response;
	try {
		response = await fetch(url, { method, headers: { "Accept-Language": language() }, ...init });
	} catch {
		throw unreachableError();
	}
	if (!response.ok) throw toApiError(parseJson(await response.text()), response.status);
	return response;
}

/** @param {string} method @param {string} url @param {object} [body] @param {RequestInit} [init] keepalive: it finishes even if the page is closed */
async function json(method, url, body, init) {
	const response = await request(method, url, { body: body && JSON.stringify(body), ...init });
	return parseJson(await response.text());
}

/**
 * @param {string} url @param {File} file @param {object} fields @param {AbortSignal} signal
 * @param {(bytes: number) => void} onSent
 * @returns {Promise<any>}
 */
function upload(url, file, fields, signal, onSent) {
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) if (value !== null) form.append(name, String(value));
	form.append("file", file, file.name);
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const onAbort = () => reject(new DOMException("cancelled", "AbortError"));
		request.open("POST", url);
		request.setRequestHeader("Accept-Language", language());
		request.upload.onprogress = (event) => onSent(event.loaded);
		request.upload.onload = () => onSent(Infinity);
		request.onerror = () => reject(unreachableError());
		request.onabort = onAbort;
		request.onload = () => {
			const body = parseJson(request.responseText);
			if (request.status < 300) resolve(body);
			else reject(toApiError(body, request.status));
		};
		if (signal.aborted) return onAbort();
		signal.addEventListener("abort", () => request.abort(), { once: true });
		request.send(form);
	});
}

/** @param {string} id @param {string} format @param {boolean} [partial] the text so far of a job that isn't completed @param {URLSearchParams} [layout] */
export function transcriptUrl(id, format, partial, layout) {
	const query = new URLSearchParams(layout);
	if (partial) query.set("partial", "true");
	return `job/${id}/transcript.${format}${query.size ? `?${query}` : ""}`;
}

/** Of one archive. @param {readonly string[]} ids @param {string} format @param {URLSearchParams} layout */
export function archiveUrl(ids, format, layout) {
	return `transcripts.zip?${new URLSearchParams([["ids", ids.join(",")], ["format", format], ...layout])}`;
}

/** @param {string} id @param {number} start @param {number} end seconds @param {string} format */
export function clipUrl(id, start, end, format) {
	return `job/${id}/audio?from=${start.toFixed(3)}&to=${end.toFixed(3)}&format=${format}`;
}

/** @param {string} text @returns {any} null where it isn't JSON */
function parseJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

/** @param {any} body @param {number} status */
function toApiError(body, status) {
	return new ApiError(body?.error?.code ?? `http_${status}`, body?.error?.message ?? `HTTP ${status}`, status < 500);
}

function unreachableError() {
	return new ApiError("unreachable", t("error.unreachable"));
}

/** @param {unknown} error @returns {string} for users */
export function errorText(error) {
	return error instanceof ApiError ? error.message : String(error);
}
