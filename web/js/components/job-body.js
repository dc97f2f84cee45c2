/** The inside of a job's card: its text, and once it is done the recording, copy and downloads. */

import { audioAddress, transcriptAddress } from "../api.js";
import { t } from "../i18n.js";
import { copyText } from "../lib/clipboard.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { TranscriptText } from "./transcript-text.js";

/** @typedef {import("../types.js").Entry} Entry */

const FORMATS = ["txt", "srt", "vtt", "tsv", "json"];
const COPIED_MS = 1800;
/** Shorter ones are opened beforehand, for their length; a longer one would hold a connection. */
const SHORT_S = 600;

export class JobBody {
  element = h("div", { class: "body" });
  #id;
  #audio = h("audio", { controls: true, preload: "none" });
  #text = new TranscriptText((seconds) => this.#playFrom(seconds));
  #nothing = h("p", { class: "hint", t: "job.notext" });
  #tools = h("div", { class: "tools" });
  #copyLabel = h("span", { t: "job.copy" });
  /** @type {Entry|undefined} */
  #entry;

  /** @param {string} id */
  constructor(id) {
    this.#id = id;
    this.element.id = `text-${id}`;
    const copy = h("button", { type: "button", class: "button small", onclick: () => this.#copy() }, icon("copy"), this.#copyLabel);
    const links = FORMATS.map((format) => h("a", { href: transcriptAddress(id, format), download: true, class: "format" }, format));
    const save = h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
    this.#tools.append(copy, save);
    this.element.append(this.#audio, this.#text, this.#nothing, this.#tools);
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
    if (result?.language) this.#text.lang = result.language;
    show(this.#text, segments.length > 0 || plain !== "");
    show(this.#nothing, result !== null && !segments.length && !plain);
    show(this.#tools, done);
    show(this.#audio, done);
    this.#audio.setAttribute("aria-label", t("job.audio", { name: job.filename }));
    if (!done || this.#audio.hasAttribute("src")) return;
    this.#audio.preload = (job.audio_duration ?? SHORT_S) < SHORT_S ? "metadata" : "none";
    this.#audio.src = audioAddress(this.#id);
  }

  /** @param {number} seconds */
  #playFrom(seconds) {
    this.#audio.currentTime = seconds;
    this.#audio.play().catch(() => undefined); // what the browser can't play, it says itself
  }

  async #copy() {
    const { result, segments } = this.#entry ?? {};
    const text = result?.text ?? (segments ?? []).map((segment) => segment.text).join("");
    if (!(await copyText(text.trim()))) return;
    setText(this.#copyLabel, t("job.copied"));
    setTimeout(() => setText(this.#copyLabel, t("job.copy")), COPIED_MS);
  }
}
