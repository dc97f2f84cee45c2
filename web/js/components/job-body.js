/** The inside of a job's card: its text as it grows, and once it is done the way to the desk, copy and downloads. */

import { transcriptAddress } from "../api.js";
import { FORMATS } from "../desk/reading-desk.js";
import { t } from "../i18n.js";
import { copyText } from "../lib/clipboard.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { TranscriptText } from "./transcript-text.js";

const COPIED_MS = 1800;

/** Where a job's desk is; the page listens to its address. @param {string} id @param {number} [from] seconds @param {string} [query] */
export function deskAddress(id, from, query) {
  const more = new URLSearchParams({ ...(from !== undefined && { t: String(from) }), ...(query && { q: query }) });
  return `#/job/${id}${more.size ? `?${more}` : ""}`;
}

export class JobBody {
  element = h("div", { class: "body" });
  #text;
  #nothing = h("p", { class: "hint", t: "job.notext" });
  #tools = h("div", { class: "tools" });
  #copyLabel = h("span", { t: "job.copy" });
  /** @type {Entry|undefined} */
  #entry;

  /** @param {string} id */
  constructor(id) {
    this.element.id = `text-${id}`;
    this.#text = new TranscriptText((seconds) => (location.hash = deskAddress(id, seconds)));
    const open = h("a", { href: deskAddress(id), class: "button small primary" }, icon("play"), h("span", { t: "job.open" }));
    const copy = h("button", { type: "button", class: "button small", onclick: () => this.#copy() }, icon("copy"), this.#copyLabel);
    const links = FORMATS.map((format) => h("a", { href: transcriptAddress(id, format), download: true, class: "format" }, format));
    const save = h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
    this.#tools.append(open, copy, save);
    this.element.append(this.#text, this.#nothing, this.#tools);
  }

  /** @param {Entry} entry */
  update(entry) {
    const { job, segments, result } = entry;
    this.#entry = entry;
    const done = job.status === "completed";
    const plain = result && !segments.length ? result.text.trim() : "";
    const times = job.options?.return_timestamps !== false;
    this.#text.update(segments, plain, { times, playable: done, live: job.status === "processing" });
    this.#text.setAttribute("aria-label", t("job.text", { name: job.filename }));
    if (result?.language) this.#text.lang = job.options?.task === "translate" ? "en" : result.language;
    show(this.#text, segments.length > 0 || plain !== "");
    show(this.#nothing, result !== null && !segments.length && !plain);
    show(this.#tools, done);
  }

  async #copy() {
    const { result, segments } = this.#entry ?? {};
    const text = result?.text ?? (segments ?? []).map((segment) => segment.text).join("");
    if (!(await copyText(text.trim()))) return;
    setText(this.#copyLabel, t("job.copied"));
    setTimeout(() => setText(this.#copyLabel, t("job.copy")), COPIED_MS);
  }
}
