/**
 * Everything asked of the server over HTTP: the only fetch, and the only XMLHttpRequest, which tells how much of an
 * upload is sent. Addresses are relative, so the page works under any path prefix.
 */

import { language, t } from "./i18n.js";

/** What the server, or its absence, has to say; the message is for people. */
export class ApiError extends Error {
	/** @param {string} code @param {string} message */
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

/** @type {Api} */
export const api = {
	login: (token) => json("POST", "login", { token }),
	models: () => json("GET", "models"),
	downloadModel: (name) => json("POST", `models/${encodeURIComponent(name)}/download`),
	stopDownload: (name) => json("DELETE", `models/${encodeURIComponent(name)}/download`),
	removeModel: (name) => json("DELETE", `models/${encodeURIComponent(name)}`),
	importModel: (file, ...how) => send("models/import", file, {}, ...how),
	options: async () => (await json("GET", "options")).options,
	samples: async () => (await json("GET", "samples")).samples,
	async sampleFile(sample) {
		const blob = await (await ask("GET", sample.url)).blob();
		return new File([blob], sample.url.split("/").at(-1) ?? sample.id, { type: blob.type });
	},
	jobs: (limit, cursor, filter) =>
		json("GET", `jobs?${new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }), ...filter })}`),
	job: (id) => json("GET", `job/${id}`),
	cancel: (id) => json("DELETE", `job/${id}`),
	remove: (id) => json("DELETE", `job/${id}?remove=true`, undefined, true),
	retry: (id, options) => json("POST", `job/${id}/retry`, options),
	correct: (id, change) => json("PATCH", `job/${id}/transcript`, change),
	restore: (id, version) => json("DELETE", `job/${id}/transcript?version=${version}`),
	waveform: (id) => json("GET", `job/${id}/waveform`),
	submit: (file, options, ...how) => send("transcribe-job", file, options, ...how),
};

/** @param {string} method @param {string} address @param {RequestInit} [more] */
async function ask(method, address, more) {
	let response;
	try {
		response = await fetch(address, { method, headers: { "Accept-Language": language() }, ...more });
	} catch {
		throw unreachable();
	}
	if (!response.ok) throw errorOf(parsed(await response.text()), response.status);
	return response;
}

/** @param {string} method @param {string} address @param {object} [body] @param {boolean} [keepalive] */
async function json(method, address, body, keepalive) {
	const response = await ask(method, address, { body: body && JSON.stringify(body), keepalive });
	return parsed(await response.text());
}

/**
 * @param {string} address @param {File} file @param {object} fields @param {AbortSignal} signal
 * @param {(bytes: number) => void} onSent
 * @returns {Promise<any>}
 */
function send(address, file, fields, signal, onSent) {
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) if (value !== null) form.append(name, String(value));
	form.append("file", file, file.name);
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const stopped = () => reject(new DOMException("cancelled", "AbortError"));
		request.open("POST", address);
		request.setRequestHeader("Accept-Language", language());
		request.upload.onprogress = (event) => onSent(event.loaded);
		request.upload.onload = () => onSent(Infinity);
		request.onerror = () => reject(unreachable());
		request.onabort = stopped;
		request.onload = () => {
			const body = parsed(request.responseText);
			if (request.status < 300) resolve(body);
			else reject(errorOf(body, request.status));
		};
		if (signal.aborted) return stopped();
		signal.addEventListener("abort", () => request.abort(), { once: true });
		request.send(form);
	});
}

/** @param {string} id @param {string} format */
export function transcriptUrl(id, format) {
	return `job/${id}/transcript.${format}`;
}

/** @param {string} text @returns {any} */
function parsed(text) {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

/** @param {any} body @param {number} status */
function errorOf(body, status) {
	return new ApiError(body?.error?.code ?? `http_${status}`, body?.error?.message ?? `HTTP ${status}`);
}

function unreachable() {
	return new ApiError("unreachable", t("error.unreachable"));
}

/** @param {unknown} error @returns {string} for people */
export function errorText(error) {
	return error instanceof ApiError ? error.message : String(error);
}
