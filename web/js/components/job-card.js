/** One job: what it is doing, its text, and what can be done with it. Updated in place, so focus and playback stay. */

import { audioAddress, transcriptAddress } from "../api.js";
import { language, localize, t } from "../i18n.js";
import { copyText } from "../lib/clipboard.js";
import { confirmed } from "../lib/confirmed.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { clock, languageName, moment, percent, span } from "../lib/format.js";
import { hasEnded } from "../reducer.js";
import { TranscriptText } from "./transcript-text.js";

/** @typedef {import("../types.js").Entry} Entry */
/** @typedef {import("../types.js").Job} Job */
/** @typedef {import("../i18n.js").Key} Key */

const FORMATS = ["txt", "srt", "vtt", "tsv", "json"];

export class JobCard extends HTMLElement {
  #id;
  #name = h("span", { class: "name", dir: "auto" });
  #toggle = h("button", { type: "button", class: "toggle" }, this.#name, icon("chevron"));
  #status = h("span", { class: "chip" });
  #meta = h("span", { class: "figures" });
  #bar = h("progress", { max: 100 });
  #doing = h("p", { class: "doing figures" });
  #error = h("p", { class: "problem" });
  #problem = h("p", { class: "problem", role: "alert" });
  #body = h("div", { class: "body" });
  #audio = h("audio", { controls: true, preload: "none" });
  #text = new TranscriptText((seconds) => this.#playFrom(seconds));
  #nothing = h("p", { class: "hint", t: "job.notext" });
  #tools = h("div", { class: "tools" });
  #copyLabel = h("span", { t: "job.copy" });
  #cancel = button("close", "job.cancel");
  #retry = button("retry", "job.retry");
  #remove = button("trash", "job.remove", "quiet");
  /** @type {Entry|undefined} */
  #entry;
  #built = false;

  /** @param {string} id @param {import("../actions.js").Actions} actions @param {(open: boolean) => void} onToggle */
  constructor(id, actions, onToggle) {
    super();
    this.#id = id;
    this.#toggle.addEventListener("click", () => onToggle(this.#toggle.getAttribute("aria-expanded") !== "true"));
    this.#cancel.addEventListener("click", () => actions.cancel(id));
    this.#retry.addEventListener("click", () => actions.retry(id));
    const removeLabel = /** @type {HTMLElement} */ (this.#remove.lastElementChild);
    confirmed(this.#remove, () => actions.remove(id), removeLabel);
  }

  connectedCallback() {
    if (this.#built) return;
    this.#built = true;
    this.className = "card job";
    this.setAttribute("role", "listitem");
    this.dataset.job = this.#id;
    this.#body.id = `text-${this.#id}`;
    this.#toggle.setAttribute("aria-controls", this.#body.id);
    const copy = h("button", { type: "button", class: "button small", onclick: () => this.#copy() }, icon("copy"), this.#copyLabel);
    const links = FORMATS.map((format) =>
      h("a", { href: transcriptAddress(this.#id, format), download: true, class: "format" }, format),
    );
    const save = h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
    this.#tools.append(copy, save);
    this.#body.append(this.#audio, this.#text, this.#nothing, this.#tools);
    const actions = h("div", { class: "actions" }, this.#cancel, this.#retry, this.#remove);
    const head = h("div", { class: "head" }, h("h3", {}, this.#toggle), actions);
    const facts = h("p", { class: "meta" }, this.#status, this.#meta);
    this.append(head, facts, this.#bar, this.#doing, this.#error, this.#problem, this.#body);
    localize(this);
  }

  /** @param {Entry} entry @param {boolean} open @param {boolean} hasText */
  update(entry, open, hasText) {
    const { job } = entry;
    this.#entry = entry;
    this.dataset.status = job.status;
    setText(this.#name, job.filename);
    setText(this.#status, t(`status.${job.status}`));
    setText(this.#meta, facts(entry));
    this.#updateProgress(job);
    show(this.#error, job.status === "failed");
    setText(this.#error, job.error?.message ?? job.message);
    show(this.#problem, entry.problem !== null);
    setText(this.#problem, entry.problem ?? "");
    this.#toggle.disabled = !hasText;
    this.#toggle.setAttribute("aria-expanded", String(open));
    show(this.#body, open);
    if (open) this.#updateBody(entry);
    show(this.#cancel, !hasEnded(job.status));
    show(this.#retry, job.status === "failed" || job.status === "cancelled");
    show(this.#remove, hasEnded(job.status));
    for (const each of [this.#cancel, this.#retry, this.#remove]) nameFor(each, job.filename);
  }

  /** @param {Job} job */
  #updateProgress(job) {
    const waits = job.status === "queued" || job.status === "pending";
    const works = job.status === "processing";
    show(this.#bar, works);
    show(this.#doing, waits || works);
    if (works && job.progress > 0) this.#bar.value = job.progress;
    else this.#bar.removeAttribute("value");
    this.#bar.setAttribute("aria-label", t("job.progress", { name: job.filename }));
    const left = job.estimated_time_remaining;
    const time = left ? span(left, language()) : "";
    const parts = works
      ? [percent(job.progress, language()), job.message, time && t("job.left", { time })]
      : [
          job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
          time && t("job.starts", { time }),
        ];
    setText(this.#doing, parts.filter(Boolean).join(" · "));
  }

  /** @param {Entry} entry */
  #updateBody({ job, segments, result }) {
    const done = job.status === "completed";
    const plain = result && !segments.length ? result.text.trim() : "";
    this.#text.update(segments, plain, { playable: done, live: job.status === "processing" });
    this.#text.setAttribute("aria-label", t("job.text", { name: job.filename }));
    if (result?.language) this.#text.lang = result.language;
    show(this.#text, segments.length > 0 || plain !== "");
    show(this.#nothing, result !== null && !segments.length && !plain);
    show(this.#tools, done);
    show(this.#audio, done);
    if (!done || this.#audio.hasAttribute("src")) return;
    this.#audio.src = audioAddress(this.#id);
    this.#audio.setAttribute("aria-label", t("job.audio", { name: job.filename }));
  }

  /** @param {number} seconds */
  #playFrom(seconds) {
    this.#audio.currentTime = seconds;
    void this.#audio.play();
  }

  async #copy() {
    const { result, segments } = this.#entry ?? {};
    const text = result?.text ?? (segments ?? []).map((segment) => segment.text).join("");
    if (!(await copyText(text.trim()))) return;
    setText(this.#copyLabel, t("job.copied"));
    setTimeout(() => setText(this.#copyLabel, t("job.copy")), 1800);
  }
}

/** @param {Parameters<typeof icon>[0]} mark @param {Key} key @param {string} [kind] */
function button(mark, key, kind = "") {
  return h("button", { type: "button", class: `button small ghost ${kind}` }, icon(mark), h("span", { t: key }));
}

/** Says which job a button is of; its own words stay its name. @param {HTMLButtonElement} each @param {string} name */
function nameFor(each, name) {
  each.title = t("job.of", { action: t(/** @type {Key} */ (each.lastElementChild?.getAttribute("data-t"))), name });
}

/** @param {Entry} entry */
function facts({ job, result }) {
  const spoken = job.language && job.language !== "auto" ? languageName(job.language, job.language, language()) : "";
  const took = result ? t("job.took", { time: span(result.processing_time, language()) }) : "";
  const parts = [job.audio_duration ? clock(job.audio_duration) : "", spoken, job.model, moment(job.created_at, language(), new Date()), took];
  return parts.filter(Boolean).join(" · ");
}
