/** How busy the machine is, in a few words. */

import { t } from "../i18n.js";
import { setText } from "../lib/dom.js";

export class QueueLine extends HTMLElement {
  /** @type {(() => void)|undefined} */
  #render;

  /** @param {Store} store */
  connect(store) {
    this.className = "hint figures";
    this.#render = () => {
      const { queue } = store.state;
      const busy = queue !== null && queue.active_jobs + queue.queue_size > 0;
      setText(
        this,
        queue && !queue.is_running ? t("queue.stopped")
        : busy ? t("queue.busy", { active: queue.active_jobs, waiting: queue.queue_size })
        : "",
      );
    };
    store.subscribe((state, before) => state.queue !== before.queue && this.#render?.());
  }

  localized() {
    this.#render?.();
  }
}
