/**
 * Everything the page asks of the server over HTTP: the only fetch and the only XMLHttpRequest (which, unlike fetch,
 * tells how much of an upload is sent). Addresses are relative, so the page works under any path prefix.
 */

export class ApiError extends Error {
	/** @param {string} code @param {string} message in the page's language; empty where no server answered */
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

/** @param {() => string} language the page's language, asked anew for each request @returns {Api} */
export function apiIn(language) {
	/** @param {string} method @param {string} address @param {RequestInit} [more] */
	async function ask(method, address, more) {
		let response;
		try {
			response = await fetch(address, { method, headers: { "Accept-Language": language() }, ...more });
		} catch {
			throw new ApiError("unreachable", "");
		}
		if (!response.ok) throw errorOf(parsed(await response.text()), response.status);
		return response;
	}

	/** @param {string} method @param {string} address @param {object} [body] @param {boolean} [keepalive] */
	async function json(method, address, body, keepalive) {
		const response = await ask(method, address, { body: body && JSON.stringify(body), keepalive });
		return parsed(await response.text());
	}

	return {
		login: (token) => json("POST", "login", { token }),
		models: () => json("GET", "models"),
		downloadModel: (name) => json("POST", `models/${encodeURIComponent(name)}/download`),
		removeModel: (name) => json("DELETE", `models/${encodeURIComponent(name)}`),
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
		submit: (file, options, signal, onSent) =>
			new Promise((resolve, reject) => {
				const form = new FormData();
				for (const [name, value] of Object.entries(options)) form.append(name, String(value));
				form.append("file", file, file.name);
				const request = new XMLHttpRequest();
				const stopped = () => reject(new DOMException("cancelled", "AbortError"));
				request.open("POST", "transcribe-job");
				request.setRequestHeader("Accept-Language", language());
				request.upload.onprogress = (event) => onSent(event.loaded);
				request.upload.onload = () => onSent(Infinity);
				request.onerror = () => reject(new ApiError("unreachable", ""));
				request.onabort = stopped;
				request.onload = () => {
					const body = parsed(request.responseText);
					if (request.status === 200) resolve(body);
					else reject(errorOf(body, request.status));
				};
				if (signal.aborted) return stopped();
				signal.addEventListener("abort", () => request.abort(), { once: true });
				request.send(form);
			}),
	};
}

/** @param {string} id @param {string} format */
export function transcriptAddress(id, format) {
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
