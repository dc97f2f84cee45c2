/**
 * Everything the page asks of the server over HTTP: the only fetch and the only XMLHttpRequest (which, unlike fetch,
 * tells how much of an upload is sent). Addresses are relative, so the page works under any path prefix.
 */

/** @typedef {import("./types.js").Job} Job */
/** @typedef {import("./types.js").SubmitOptions} SubmitOptions */

export class ApiError extends Error {
  /** @param {string} code @param {string} message in the page's language; empty where no server answered */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Api {
  #language;

  /** @param {() => string} language the page's language, asked anew for each request */
  constructor(language) {
    this.#language = language;
  }

  /** Gives the token for a cookie. @param {string} token */
  login(token) {
    return this.#json("POST", "login", JSON.stringify({ token }));
  }

  /** @returns {Promise<import("./types.js").ModelList>} */
  models() {
    return this.#json("GET", "models");
  }

  /** @param {string} name */
  downloadModel(name) {
    return this.#json("POST", `models/${encodeURIComponent(name)}/download`);
  }

  /** @param {string} name */
  removeModel(name) {
    return this.#json("DELETE", `models/${encodeURIComponent(name)}`);
  }

  /** @returns {Promise<import("./types.js").Sample[]>} */
  async samples() {
    return (await this.#json("GET", "samples")).samples;
  }

  /** @param {import("./types.js").Sample} sample @returns {Promise<File>} */
  async sampleFile(sample) {
    const response = await this.#fetch("GET", sample.url);
    const blob = await response.blob();
    return new File([blob], sample.url.split("/").at(-1) ?? sample.id, { type: blob.type });
  }

  /** @param {number} limit @param {string|null} [cursor] @returns {Promise<{jobs: Job[], next_cursor: string|null}>} */
  jobs(limit, cursor) {
    return this.#json("GET", `jobs?limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  }

  /** @param {string} id @returns {Promise<Job>} */
  job(id) {
    return this.#json("GET", `job/${id}`);
  }

  /** @param {string} id */
  cancel(id) {
    return this.#json("DELETE", `job/${id}`);
  }

  /** @param {string} id */
  remove(id) {
    return this.#json("DELETE", `job/${id}?remove=true`);
  }

  /** @param {string} id */
  retry(id) {
    return this.#json("POST", `job/${id}/retry`);
  }

  /**
   * @param {File} file
   * @param {SubmitOptions} options
   * @param {{signal: AbortSignal, onSent: (bytes: number) => void}} control
   * @returns {Promise<{job_id: string}>}
   */
  submit(file, options, { signal, onSent }) {
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, String(value));
    form.append("file", file, file.name);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", "transcribe-job");
      request.setRequestHeader("Accept-Language", this.#language());
      request.upload.onprogress = (event) => onSent(event.loaded);
      request.upload.onload = () => onSent(Infinity);
      request.onerror = () => reject(new ApiError("unreachable", ""));
      request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status === 200) resolve(body);
        else reject(errorOf(body, request.status));
      };
      if (signal.aborted) return reject(new DOMException("cancelled", "AbortError"));
      signal.addEventListener("abort", () => request.abort(), { once: true });
      request.send(form);
    });
  }

  /** @param {string} method @param {string} address @param {string} [body] @returns {Promise<any>} */
  async #json(method, address, body) {
    const response = await this.#fetch(method, address, body);
    return parsed(await response.text());
  }

  /** @param {string} method @param {string} address @param {string} [body] */
  async #fetch(method, address, body) {
    let response;
    try {
      response = await fetch(address, { method, body, headers: { "Accept-Language": this.#language() } });
    } catch {
      throw new ApiError("unreachable", "");
    }
    if (!response.ok) throw errorOf(parsed(await response.text()), response.status);
    return response;
  }
}

/** @param {string} id */
export function audioAddress(id) {
  return `job/${id}/audio`;
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
