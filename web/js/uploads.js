/** Files on their way to the server, two at a time; the files themselves stay here, the store has the figures. */

import { errorText } from "./actions.js";
import { durationOf } from "./lib/duration.js";

const AT_ONCE = 2;

/**
 * @typedef {object} Sending
 * @property {Upload} upload
 * @property {SubmitOptions} options
 * @property {() => Promise<File>} open
 * @property {AbortController} stop
 */

export class UploadQueue {
  #api;
  #store;
  /** @type {Map<string, Sending>} */
  #all = new Map();
  #count = 0;

  /** @param {Api} api @param {Store} store */
  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /**
   * @param {string} filename
   * @param {number} total_bytes 0 where it is not known yet
   * @param {SubmitOptions} options
   * @param {() => Promise<File>} open
   */
  add(filename, total_bytes, options, open) {
    const id = `upload-${++this.#count}`;
    /** @type {Upload} */
    const upload = { id, filename, phase: "waiting", sent_bytes: 0, total_bytes, error: null, model: options.model, duration: null };
    this.#all.set(id, { upload, options, open, stop: new AbortController() });
    this.#change(id, {});
    this.#next();
  }

  /** @param {string} id */
  retry(id) {
    this.#change(id, { phase: "waiting", sent_bytes: 0, error: null });
    this.#next();
  }

  /** Stops it if it runs, and forgets it. @param {string} id */
  cancel(id) {
    this.#all.get(id)?.stop.abort();
    this.#forget(id);
  }

  #next() {
    const all = [...this.#all.values()];
    let free = AT_ONCE - all.filter(({ upload }) => upload.phase === "sending" || upload.phase === "checking").length;
    for (const sending of all) {
      if (free <= 0) return;
      if (sending.upload.phase !== "waiting") continue;
      free -= 1;
      void this.#send(sending);
    }
  }

  /** @param {Sending} sending */
  async #send(sending) {
    const { id } = sending.upload;
    this.#change(id, { phase: "sending" });
    try {
      const file = await sending.open();
      this.#change(id, { total_bytes: file.size });
      void durationOf(file).then((duration) => this.#change(id, { duration }));
      await this.#api.submit(file, sending.options, sending.stop.signal, (bytes) => {
        const all = bytes >= file.size;
        this.#change(id, { sent_bytes: all ? file.size : bytes, phase: all ? "checking" : "sending" });
      });
      this.#forget(id);
    } catch (error) {
      if (!sending.stop.signal.aborted) this.#change(id, { phase: "failed", error: errorText(error) });
    }
    this.#next();
  }

  /** @param {string} id @param {Partial<Upload>} change */
  #change(id, change) {
    const sending = this.#all.get(id);
    if (!sending) return;
    sending.upload = { ...sending.upload, ...change };
    this.#store.dispatch({ type: "upload/changed", data: sending.upload });
  }

  /** @param {string} id */
  #forget(id) {
    this.#all.delete(id);
    this.#store.dispatch({ type: "upload/gone", data: id });
  }
}
