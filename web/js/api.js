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

export class Api {
  #language;

  /** @param {() => string} language the page's language, asked anew for each request */
  constructor(language) {
    this.#language = language;
  }

  /** Gives the token for a cookie. @param {string} token */
  login(token) {
    return this.#json("POST", "login", { token });
  }

  /** @returns {Promise<ModelList>} */
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

  /** @returns {Promise<Sample[]>} */
  async samples() {
    return (await this.#json("GET", "samples")).samples;
  }

  /** @param {Sample} sample @returns {Promise<File>} */
  async sampleFile(sample) {
    const response = await this.#fetch("GET", sample.url);
    const blob = await response.blob();
    return new File([blob], sample.url.split("/").at(-1) ?? sample.id, { type: blob.type });
  }

  /**
   * @param {number} limit @param {string|null} [cursor] @param {Partial<Filter>} [filter]
   * @returns {Promise<{jobs: Job[], next_cursor: string|null}>}
   */
  jobs(limit, cursor, filter) {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }), ...filter });
    return this.#json("GET", `jobs?${query}`);
  }

  /**
   * @param {string} id
   * @param {{version: number, at: number, remove: number, segments: {start: number, end: number, text: string}[]}} change
   * @returns {Promise<{version: number, segments: Segment[]}>}
   */
  correct(id, change) {
    return this.#json("PATCH", `job/${id}/transcript`, change);
  }

  /** @param {string} id @param {number} version @returns {Promise<Result>} */
  restore(id, version) {
    return this.#json("DELETE", `job/${id}/transcript?version=${version}`);
  }

  /** @param {string} id @returns {Promise<{duration: number, peaks: number[]}>} */
  waveform(id) {
    return this.#json("GET", `job/${id}/waveform`);
  }

  /** @param {string} id @returns {Promise<Job>} */
  job(id) {
    return this.#json("GET", `job/${id}`);
  }

  /** @param {string} id */
  cancel(id) {
    return this.#json("DELETE", `job/${id}`);
  }

  /** Goes through also while the page is being closed. @param {string} id */
  remove(id) {
    return this.#json("DELETE", `job/${id}?remove=true`, undefined, true);
  }

  /** @param {string} id @param {SubmitOptions} [options] others than its own */
  retry(id, options) {
    return this.#json("POST", `job/${id}/retry`, options);
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

  /** @param {string} method @param {string} address @param {object} [body] @param {boolean} [keepalive] @returns {Promise<any>} */
  async #json(method, address, body, keepalive) {
    const response = await this.#fetch(method, address, { body: body && JSON.stringify(body), keepalive });
    return parsed(await response.text());
  }

  /** @param {string} method @param {string} address @param {RequestInit} [more] */
  async #fetch(method, address, more) {
    let response;
    try {
      response = await fetch(address, { method, headers: { "Accept-Language": this.#language() }, ...more });
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
