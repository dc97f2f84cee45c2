/** What a person can do: each action asks the server, and the socket tells the outcome. Only refusals are told here. */

import { ApiError } from "./api.js";
import { t } from "./i18n.js";
import { PAGE_SIZE } from "./reducer-jobs.js";

/** @param {unknown} error */
export function errorText(error) {
  if (error instanceof ApiError) return error.code === "unreachable" ? t("error.unreachable") : error.message;
  return String(error);
}

export class Actions {
  #api;
  #store;
  #uploads;

  /**
   * @param {import("./api.js").Api} api
   * @param {import("./store.js").Store} store
   * @param {import("./uploads.js").UploadQueue} uploads
   */
  constructor(api, store, uploads) {
    this.#api = api;
    this.#store = store;
    this.#uploads = uploads;
  }

  /** Models, languages and samples: what doesn't come over the socket. */
  async loadCatalogue() {
    try {
      const [models, samples] = await Promise.all([this.#api.models(), this.#api.samples()]);
      this.#store.dispatch({ type: "models/loaded", data: models });
      this.#store.dispatch({ type: "samples/loaded", data: samples });
    } catch (error) {
      console.warn("localwhisper:", errorText(error)); // the next connection asks again
    }
  }

  /** @param {string} id */
  async loadJob(id) {
    this.#store.dispatch({ type: "job/loading", job_id: id });
    await this.#onJob(id, async () => {
      this.#store.dispatch({ type: "job/detail", job_id: id, data: await this.#api.job(id) });
    });
  }

  async loadOlder() {
    const { cursor } = this.#store.state;
    try {
      const first = cursor === undefined ? (await this.#api.jobs(PAGE_SIZE)).next_cursor : cursor;
      const page = first ? await this.#api.jobs(PAGE_SIZE, first) : { jobs: [], next_cursor: null };
      this.#store.dispatch({ type: "jobs/page", data: page });
    } catch (error) {
      console.warn("localwhisper:", errorText(error)); // the button stays
    }
  }

  /** @param {string} id */
  cancel(id) {
    return this.#onJob(id, () => this.#api.cancel(id));
  }

  /** @param {string} id */
  retry(id) {
    return this.#onJob(id, () => this.#api.retry(id));
  }

  /** @param {string} id */
  remove(id) {
    return this.#onJob(id, () => this.#api.remove(id));
  }

  /** @param {Iterable<File>} files @param {import("./types.js").SubmitOptions} options */
  submit(files, options) {
    for (const file of files) this.#uploads.add(file.name, file.size, options, async () => file);
  }

  /** @param {import("./types.js").Sample} sample */
  trySample(sample) {
    const model = this.#store.state.models.find((each) => each.bundled)?.name ?? "demo";
    this.#uploads.add(
      sample.title,
      0,
      { model, language: "auto", task: "transcribe", return_timestamps: true, word_timestamps: false },
      () => this.#api.sampleFile(sample),
    );
  }

  /** @param {string} id */
  retryUpload(id) {
    this.#uploads.retry(id);
  }

  /** @param {string} id */
  cancelUpload(id) {
    this.#uploads.cancel(id);
  }

  /** @param {import("./types.js").Model} model */
  downloadModel(model) {
    return this.#onModel(model, () => this.#api.downloadModel(model.name));
  }

  /** @param {import("./types.js").Model} model */
  removeModel(model) {
    return this.#onModel(model, () => this.#api.removeModel(model.name));
  }

  /** @param {string} id @param {() => Promise<unknown>} action */
  async #onJob(id, action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch({ type: "job/problem", job_id: id, data: errorText(error) });
    }
  }

  /** @param {import("./types.js").Model} model @param {() => Promise<unknown>} action */
  async #onModel(model, action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch({ type: "model", data: { ...model, error: { code: "", message: errorText(error) } } });
    }
  }
}
