/** Tells screen readers what came in and how it ended; not each segment or percent. */

import { t } from "../i18n.js";

export class LiveStatus extends HTMLElement {
  /** @param {Store} store */
  connect(store) {
    this.className = "visually-hidden";
    this.setAttribute("role", "status");
    store.subscribe((state, before) => {
      const text = [...jobNews(state, before), ...uploadNews(state, before)].join(" ");
      if (text) this.textContent = text;
    });
  }
}

/** @param {State} state @param {State} before */
function* jobNews(state, before) {
  if (state.entries === before.entries || before.connection !== "online") return;
  for (const [id, { job }] of Object.entries(state.entries)) {
    const was = before.entries[id]?.job.status;
    const name = job.filename;
    if (was === job.status) continue;
    if (!was && job.status === "queued") yield t("said.received", { name });
    else if (job.status === "completed" || job.status === "failed") yield t(`said.${job.status}`, { name });
  }
}

/** @param {State} state @param {State} before */
function* uploadNews(state, before) {
  if (state.uploads === before.uploads) return;
  for (const { id, phase, filename, error } of state.uploads) {
    const was = before.uploads.find((upload) => upload.id === id)?.phase;
    if (phase === "failed" && was !== "failed") yield `${t("said.upload_failed", { name: filename })} ${error ?? ""}`;
  }
}
