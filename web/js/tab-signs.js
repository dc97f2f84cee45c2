/** What a tab tells while nobody looks: its title, its icon, and a notification when a long job has ended. */

import { t } from "./i18n.js";
import { percent } from "./lib/format.js";
import { hasEnded } from "./reducer-jobs.js";
import { language } from "./i18n.js";

const LONG_S = 30;
const NAME = "localwhisper";

export class TabSigns {
  #icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  #plain = this.#icon.href;
  #shown = -1;
  #toast;
  /** Ids of jobs that take long enough to be told of. @type {Set<string>} */
  #long = new Set();

  /** @param {Store} store @param {ToastLine} toast */
  constructor(store, toast) {
    this.#toast = toast;
    store.subscribe((state, before) => {
      if (state.entries === before.entries) return;
      this.#sign(state);
      this.#notify(state, before);
    });
  }

  /** @param {State} state */
  #sign({ entries }) {
    const running = Object.values(entries).filter(({ job }) => job.status === "processing");
    const share = running.length ? Math.floor(running.reduce((sum, { job }) => sum + job.progress, 0) / running.length) : -1;
    if (share === this.#shown) return;
    this.#shown = share;
    document.title = share < 0 ? NAME : `${percent(share, language())} · ${running.length === 1 ? running[0]?.job.filename : NAME}`;
    this.#icon.href = share < 0 ? this.#plain : ring(share / 100);
  }

  /** @param {State} state @param {State} before */
  #notify(state, before) {
    for (const [id, { job }] of Object.entries(state.entries)) {
      if (!hasEnded(job.status) && (job.estimated_time_remaining ?? 0) > LONG_S && !this.#long.has(id)) {
        this.#long.add(id);
        this.#offer();
      } else if (hasEnded(job.status) && this.#long.delete(id) && before.entries[id]) {
        if (job.status !== "cancelled" && document.hidden) tell(t(`said.${job.status}`, { name: job.filename }));
      }
    }
  }

  /** Asks for leave when there is first a reason to. */
  #offer() {
    if (!("Notification" in globalThis) || Notification.permission !== "default") return;
    this.#toast.show(t("notify.offer"), "notify.yes", () => void Notification.requestPermission());
  }
}

/** @param {string} text */
function tell(text) {
  try {
    if (Notification.permission === "granted") new Notification(NAME, { body: text, icon: "icon-192.png" });
  } catch {
    // phones have them in the service worker only
  }
}

/** A ring that closes. @param {number} share 0 to 1 */
function ring(share) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const pen = canvas.getContext("2d");
  if (!pen) return "";
  for (const [colour, end] of /** @type {[string, number][]} */ ([["#8fa39e", 1], ["#12907b", share]])) {
    pen.beginPath();
    pen.strokeStyle = colour;
    pen.lineWidth = 6;
    pen.arc(16, 16, 12, -Math.PI / 2, (2 * end - 0.5) * Math.PI);
    pen.stroke();
  }
  return canvas.toDataURL();
}
