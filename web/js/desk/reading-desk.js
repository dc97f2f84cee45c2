/** One transcript with its recording: read, listen, search, correct, take away. */

import { transcriptAddress } from "../api.js";
import { factsOf } from "../components/job-facts.js";
import { localize, t } from "../i18n.js";
import { copyText } from "../lib/clipboard.js";
import { fill, h, icon, setText, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { Conflict } from "./conflict.js";
import { Editing } from "./editing.js";
import { TextLines } from "./text-lines.js";
import { Player } from "./player.js";

export const FORMATS = ["txt", "srt", "vtt", "tsv", "json"];
const COPIED_MS = 1800;

export class ReadingDesk extends HTMLElement {
  #title = h("h2", { class: "name", dir: "auto", tabindex: -1 });
  #facts = h("p", { class: "hint figures" });
  #saving = h("p", { class: "hint saving", role: "status" });
  #correct = button("edit.correct", "pen", () => this.correct());
  #unsure = button("desk.unsure", "unsure", () => this.#markUnsure(!load("unsure", false)));
  #undo = button("edit.undo", "undo", () => this.#editing?.undo());
  #redo = button("edit.redo", "redo", () => this.#editing?.redo());
  #restore = button("edit.restore", "retry", () => void this.#editing?.restore());
  #editTools = h("div", { class: "tools", hidden: true }, this.#undo, this.#redo, this.#restore);
  #query = h("input", { type: "search", name: "find", label: "desk.find", "data-t-placeholder": "desk.find" });
  #count = h("span", { class: "hint figures", role: "status" });
  #media = h("div", { class: "screen" });
  #plain = h("p", { class: "plain", dir: "auto" });
  #text = h("div", { class: "desk-text" });
  #bottom = h("div", { class: "desk-bottom" });
  #conflict = new Conflict();
  /** @type {Store|undefined} */
  #store;
  /** @type {Actions|undefined} */
  #actions;
  #id = "";
  #wasUnsure = load("unsure", false);
  /** @type {Editing|undefined} */
  #editing;
  /** @type {Player|undefined} */
  #player;
  /** @type {TextLines|undefined} */
  #lines;

  /** @param {Store} store @param {Actions} actions */
  connect(store, actions) {
    this.#store = store;
    this.#actions = actions;
    this.#query.addEventListener("input", () => this.#find());
    this.#query.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#step(event.shiftKey ? -1 : 1);
    });
    const copies = h(
      "span",
      { class: "formats" },
      icon("copy"),
      h("span", { class: "hint", t: "desk.copy" }),
      copier("desk.copy_text", () => this.#plainText()),
      copier("desk.copy_times", () => this.#timedText()),
    );
    fill(
      this,
      h("p", {}, h("a", { href: "#/", class: "button small ghost back" }, icon("left"), h("span", { t: "desk.close" }))),
      h("header", { class: "desk-head" }, h("div", {}, this.#title, this.#facts), h("div", { class: "tools" }, this.#correct, this.#unsure)),
      h("div", { class: "tools spread" }, h("div", { class: "tools" }, copies, this.#exports()), this.#finder()),
      h("div", { class: "tools spread" }, this.#editTools, this.#saving),
      this.#conflict.element,
      this.#media,
      this.#plain,
      this.#text,
      this.#bottom,
    );
    store.subscribe((state, before) => {
      if (!this.#id) return;
      if (state.entries[this.#id] !== before.entries[this.#id]) this.#update();
      if (state.connection !== before.connection && state.connection === "online") void this.#editing?.save();
    });
    addEventListener("beforeunload", (event) => {
      if (!this.#editing?.isDirty) return;
      void this.#editing.save();
      event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => void this.#editing?.save());
  }

  get player() {
    return this.#player;
  }

  /** @param {string} id @param {number} [from] seconds to play from @param {string} [query] to look for */
  open(id, from, query = "") {
    if (this.#id !== id) this.#begin(id);
    if (from !== undefined) void this.#player?.play(from);
    if (!query) return;
    this.#query.value = query;
    this.#find();
  }

  /** @param {string} id */
  #begin(id) {
    this.close();
    this.#id = id;
    const duration = this.#store?.state.entries[id]?.job.audio_duration ?? 0;
    const { api } = /** @type {Actions} */ (this.#actions);
    const editing = new Editing(api, id, (saved) => {
      if (saved) this.#store?.dispatch({ type: "job/corrected", job_id: id, data: saved });
      this.#showEditing();
    });
    const lines = new TextLines({ play: (from) => void player.play(from), time: () => player.time, change: (next, key) => editing.change(next, key) });
    const player = new Player(id, duration, (time) => lines.follow(time, this.#player?.isPlaying ?? false));
    this.#editing = editing;
    this.#lines = lines;
    this.#player = player;
    this.#text.replaceChildren(lines.element);
    this.#media.replaceChildren(player.media);
    this.#bottom.replaceChildren(player.element);
    this.#query.value = "";
    setText(this.#count, "");
    for (const link of this.querySelectorAll("a.format")) {
      link.setAttribute("href", transcriptAddress(id, link.textContent ?? ""));
    }
    localize(this);
    lines.localized();
    this.#setCorrecting(false);
    this.#markUnsure(this.#wasUnsure);
    this.#update();
    void this.#actions?.loadJob(id);
    api.waveform(id).then(({ peaks }) => this.#player === player && player.picture(peaks), () => undefined); // a plain line then
    this.#title.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  close() {
    void this.#editing?.save();
    this.#player?.close();
    this.#lines?.close();
    this.#editing = this.#player = this.#lines = undefined;
    this.#id = "";
  }

  localized() {
    this.#player?.localized();
    this.#lines?.localized();
    if (this.#id) this.#update();
  }

  find() {
    this.#query.focus();
    this.#query.select();
  }

  correct() {
    const on = this.#correct.getAttribute("aria-pressed") !== "true";
    this.#setCorrecting(on);
    if (!on) void this.#editing?.save();
  }

  /** Out of the line being corrected, then out of correcting. @returns {boolean} whether there was something to leave */
  leave() {
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && activeElement.isContentEditable) activeElement.blur();
    else if (this.#correct.getAttribute("aria-pressed") === "true") this.correct();
    else return false;
    return true;
  }

  /** @param {-1|1} step */
  history(step) {
    if (step < 0) this.#editing?.undo();
    else this.#editing?.redo();
  }

  #update() {
    const entry = this.#store?.state.entries[this.#id];
    if (!entry) return;
    const { job, result } = entry;
    setText(this.#title, job.filename);
    setText(this.#facts, factsOf(entry));
    const segments = result?.segments ?? [];
    const plain = result && !segments.length ? result.text.trim() || t("job.notext") : "";
    setText(this.#plain, plain);
    show(this.#plain, plain !== "");
    show(this.#correct, segments.length > 0);
    show(this.#unsure, segments.some((segment) => segment.words));
    if (result) this.#editing?.load(result.version, segments);
    if (this.#query.value && !this.#lines?.found) this.#find();
    if (result?.language) this.#text.lang = this.#plain.lang = job.options?.task === "translate" ? "en" : result.language;
    this.#showEditing();
  }

  #showEditing() {
    const editing = this.#editing;
    if (!editing) return;
    this.#lines?.update(editing.lines);
    this.#undo.disabled = !editing.canUndo;
    this.#redo.disabled = !editing.canRedo;
    show(this.#restore, editing.isCorrected);
    const corrected = editing.isCorrected || editing.isDirty;
    setText(this.#saving, corrected && editing.saving !== "conflict" ? t(`edit.${editing.saving}`) : "");
    this.#saving.dataset.saving = editing.saving;
    if (editing.saving === "conflict") this.#conflict.show(editing.theirs, editing.lines, (side) => editing.settle(side));
    else this.#conflict.hide();
  }

  /** @param {boolean} on */
  #setCorrecting(on) {
    this.#correct.setAttribute("aria-pressed", String(on));
    show(this.#editTools, on);
    this.#lines?.correct(on);
  }

  /** @param {boolean} on */
  #markUnsure(on) {
    this.#wasUnsure = on;
    save("unsure", on);
    this.#unsure.setAttribute("aria-pressed", String(on));
    this.#lines?.markUnsure(on);
  }

  #find() {
    const count = this.#lines?.find(this.#query.value) ?? 0;
    setText(this.#count, this.#query.value.trim() ? t("desk.found", { at: 0, count }) : "");
    if (count) this.#step(1);
  }

  /** @param {1|-1} step */
  #step(step) {
    const at = this.#lines?.step(step) ?? 0;
    if (at) setText(this.#count, t("desk.found", { at, count: this.#lines?.found ?? 0 }));
  }

  #finder() {
    return h(
      "search",
      { class: "finder" },
      this.#query,
      this.#count,
      h("button", { type: "button", class: "button small ghost round", label: "desk.previous", onclick: () => this.#step(-1) }, icon("up")),
      h("button", { type: "button", class: "button small ghost round", label: "desk.next", onclick: () => this.#step(1) }, icon("chevron")),
    );
  }

  #exports() {
    const links = FORMATS.map((format) => h("a", { href: "#", download: true, class: "format", onclick: (event) => this.#export(event) }, format));
    return h("span", { class: "formats" }, icon("download"), h("span", { class: "hint", t: "job.save" }), ...links);
  }

  /** What is not saved yet is saved first. @param {Event} event */
  #export(event) {
    const link = /** @type {HTMLElement} */ (event.currentTarget);
    if (!this.#editing?.isDirty || this.#editing.saving === "conflict") return;
    event.preventDefault();
    void this.#editing.save().then(() => this.#editing?.isDirty || link.click());
  }

  #plainText() {
    const lines = this.#editing?.lines ?? [];
    return lines.length ? lines.map((line) => line.text.trim()).join("\n") : (this.#plain.textContent ?? "");
  }

  #timedText() {
    return (this.#editing?.lines ?? []).map((line) => `[${clock(line.start)}] ${line.text.trim()}`).join("\n");
  }
}

/** @param {Key} key @param {Icon} name @param {() => void} run */
function button(key, name, run) {
  return h("button", { type: "button", class: "button small", onclick: run }, icon(name), h("span", { t: key }));
}

/** @param {Key} key @param {() => string} text */
function copier(key, text) {
  const label = h("button", { type: "button", class: "format", t: key });
  label.addEventListener("click", async () => {
    if (!(await copyText(text()))) return;
    setText(label, t("job.copied"));
    setTimeout(() => setText(label, t(key)), COPIED_MS);
  });
  return label;
}
