/** A transcript being corrected: undo, autosave, and what to do when it was changed elsewhere too. */

import { ApiError } from "../api.js";
import { differing } from "../lib/edits.js";

/** @typedef {"saved"|"unsaved"|"saving"|"failed"|"conflict"} Saving */

const AUTOSAVE_MS = 800;
const TYPING_MS = 1500;

export class Editing {
  /** @type {Lines} */
  lines = [];
  /** @type {Saving} */
  saving = "saved";
  /** Their lines, where both sides changed something. @type {Lines} */
  theirs = [];
  #api;
  #id;
  #onChange;
  #version = -1;
  /** What the server has. @type {Lines} */
  #base = [];
  /** @type {Lines[]} */
  #past = [];
  /** @type {Lines[]} */
  #future = [];
  #typing = { key: "", until: 0 };
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {Api} api @param {string} id @param {(saved?: {version: number, segments: Lines}) => void} onChange */
  constructor(api, id, onChange) {
    this.#api = api;
    this.#id = id;
    this.#onChange = onChange;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  get isDirty() {
    return this.saving !== "saved";
  }

  get isCorrected() {
    return this.#version > 0;
  }

  /** What the server has; taken unless a person's own changes stand against it. @param {number} version @param {Lines} lines */
  load(version, lines) {
    if (version <= this.#version || this.isDirty) return;
    this.#version = version;
    this.#base = this.lines = lines;
    this.#past = [];
    this.#future = [];
    this.#onChange();
  }

  /** @param {Lines} lines @param {string} [key] changes of one key in a row are one step back */
  change(lines, key = "") {
    if (lines === this.lines) return;
    const now = performance.now();
    if (!key || key !== this.#typing.key || now > this.#typing.until) this.#past.push(this.lines);
    this.#typing = { key, until: now + TYPING_MS };
    this.#future = [];
    this.#set(lines);
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** @param {Lines[]} from @param {Lines[]} to */
  #step(from, to) {
    const lines = from.pop();
    if (!lines) return;
    to.push(this.lines);
    this.#typing.key = "";
    this.#set(lines);
  }

  /** @param {Lines} lines */
  #set(lines) {
    this.lines = lines;
    if (this.saving !== "saving" && this.saving !== "conflict") this.saving = "unsaved";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), AUTOSAVE_MS);
    this.#onChange();
  }

  /** Sends what differs; further changes meanwhile are sent after it. */
  async save() {
    clearTimeout(this.#timer);
    if (this.saving === "saving" || this.saving === "conflict" || this.saving === "saved") return;
    const sent = this.lines;
    const { at, remove, put } = differing(this.#base, sent);
    if (!remove && !put.length) return this.#settle("saved");
    this.#settle("saving");
    try {
      const segments = put.map(({ start, end, text }) => ({ start, end, text: text.trim() }));
      const answer = await this.#api.correct(this.#id, { version: this.#version, at, remove, segments });
      this.#version = answer.version;
      this.#base = sent.toSpliced(at, put.length, ...answer.segments);
      const untouched = this.lines === sent;
      if (untouched) this.lines = this.#base;
      this.saving = untouched ? "saved" : "unsaved";
      this.#onChange({ version: this.#version, segments: this.#base });
      if (!untouched) await this.save();
    } catch (error) {
      if (error instanceof ApiError && error.code === "transcript_changed") await this.#meet();
      else this.#settle("failed");
    }
  }

  /** Someone else was first. */
  async #meet() {
    try {
      const { result, transcript_version } = await this.#api.job(this.#id);
      if (!result) throw new Error("no result");
      this.theirs = result.segments ?? [];
      this.#version = transcript_version ?? 0;
      this.#base = this.theirs;
      this.#settle("conflict");
    } catch {
      this.#settle("failed");
    }
  }

  /** @param {"mine"|"theirs"} side the other one stays a step back */
  settle(side) {
    if (this.saving !== "conflict") return;
    this.#past.push(side === "mine" ? this.theirs : this.lines);
    this.#future = [];
    if (side === "theirs") this.lines = this.theirs;
    this.saving = "unsaved";
    void this.save();
  }

  /** The machine's own text again. */
  async restore() {
    await this.save();
    if (this.isDirty) return;
    try {
      const result = await this.#api.restore(this.#id, this.#version);
      this.#past.push(this.lines);
      this.#future = [];
      this.#version = result.version;
      this.#base = this.lines = result.segments ?? [];
      this.#onChange({ version: result.version, segments: this.lines });
    } catch {
      await this.#meet();
    }
  }

  /** @param {Saving} saving */
  #settle(saving) {
    this.saving = saving;
    this.#onChange();
  }
}
