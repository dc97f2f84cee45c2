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
  #toast;
  /** Of the job about to be removed. @type {(() => void)|null} */
  #removeNow = null;

  /**
   * @param {Api} api
   * @param {Store} store
   * @param {UploadQueue} uploads
   * @param {ToastLine} toast
   */
  constructor(api, store, uploads, toast) {
    this.#api = api;
    this.#store = store;
    this.#uploads = uploads;
    this.#toast = toast;
    addEventListener("pagehide", () => this.#removeNow?.());
  }

  get api() {
    return this.#api;
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

  /** One that no page of the list has shown yet; nothing where it doesn't exist. @param {string} id */
  async fetchJob(id) {
    try {
      this.#store.dispatch({ type: "job", data: await this.#api.job(id) });
    } catch (error) {
      console.warn("localwhisper:", errorText(error));
    }
  }

  /** @param {string} id */
  async loadJob(id) {
    this.#store.dispatch({ type: "job/loading", job_id: id });
    await this.#onJob(id, async () => {
      this.#store.dispatch({ type: "job/detail", job_id: id, data: await this.#api.job(id) });
    });
  }

  /** @param {Partial<Filter>} change */
  filter(change) {
    const filter = { ...this.#store.state.filter, ...change };
    this.#store.dispatch({ type: "filter/changed", data: filter });
    return this.search();
  }

  /** Asks again for what is looked for, or for the next page of it. @param {string|null} [cursor] */
  async search(cursor = null) {
    const { filter } = this.#store.state;
    if (!filter.q && !filter.status) return;
    try {
      const page = await this.#api.jobs(PAGE_SIZE, cursor, filter);
      this.#store.dispatch({ type: "filter/found", data: { ...page, filter, more: cursor !== null } });
    } catch (error) {
      console.warn("localwhisper:", errorText(error)); // the next connection asks again
    }
  }

  async loadOlder() {
    const { cursor, found } = this.#store.state;
    if (found) return this.search(found.cursor);
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

  /** @param {string} id @param {SubmitOptions} [options] others than its own */
  retry(id, options) {
    return this.#onJob(id, () => this.#api.retry(id, options));
  }

  /** Out of sight at once, gone a little later: till then it can be undone. @param {string} id */
  remove(id) {
    this.#removeNow?.();
    const leave = (/** @type {boolean} */ leaving) => this.#store.dispatch({ type: "job/leaving", job_id: id, data: leaving });
    const name = this.#store.state.entries[id]?.job.filename ?? "";
    leave(true);
    this.#removeNow = () => {
      this.#removeNow = null;
      this.#toast.hide();
      void this.#onJob(id, () => this.#api.remove(id)).then(() => leave(false));
    };
    const undo = () => {
      this.#removeNow = null;
      leave(false);
    };
    this.#toast.show(t("job.removed", { name }), "job.undo", undo, () => this.#removeNow?.());
  }

  /** @param {Iterable<File>} files @param {SubmitOptions} options */
  submit(files, options) {
    for (const file of files) this.#uploads.add(file.name, file.size, options, async () => file);
  }

  /** @param {Sample} sample */
  trySample(sample) {
    const model = this.#store.state.models.find((each) => each.bundled)?.name ?? "demo";
    this.#uploads.add(
      sample.title,
      0,
      { model, language: "auto", task: "transcribe", return_timestamps: true, word_timestamps: true },
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

  /** @param {Model} model */
  downloadModel(model) {
    return this.#onModel(model, () => this.#api.downloadModel(model.name));
  }

  /** @param {Model} model */
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

  /** @param {Model} model @param {() => Promise<unknown>} action */
  async #onModel(model, action) {
    try {
      await action();
    } catch (error) {
      this.#store.dispatch({ type: "model", data: { ...model, error: { code: "", message: errorText(error) } } });
    }
  }
}
