/**
 * The lines of the desk: read, followed, searched, corrected in place. Words are marked by ranges over the plain text,
 * so a line stays one text node however many words it has.
 */

import { t } from "../i18n.js";
import { fill, h, icon, setText } from "../lib/dom.js";
import * as edits from "../lib/edits.js";
import { clock } from "../lib/format.js";
import { hits, lineAt, places, timeAt } from "../lib/words.js";

const UNSURE = 0.5;

export class TextLines {
  element = h("ol", { class: "lines desk-lines" });
  #tools = h("div", { class: "line-tools", role: "toolbar", label: "edit.tools" });
  #desk;
  /** @type {Lines} */
  #shown = [];
  #correcting = false;
  #unsure = false;
  #now = -1;
  #follows = true;
  /** @type {{line: number, from: number, to: number}[]} */
  #hits = [];
  #hit = -1;
  #query = "";

  /**
   * @param {object} desk
   * @param {(seconds: number) => void} desk.play
   * @param {() => number} desk.time
   * @param {(lines: Lines, key?: string) => void} desk.change
   */
  constructor(desk) {
    this.#desk = desk;
    const { element } = this;
    element.addEventListener("click", (event) => this.#clicked(event));
    element.addEventListener("keydown", (event) => this.#pressed(event));
    element.addEventListener("input", (event) => this.#typed(event));
    element.addEventListener("focusin", (event) => this.#held(event));
    for (const name of ["wheel", "touchmove"]) element.addEventListener(name, () => (this.#follows = false), { passive: true });
    fill(
      this.#tools,
      tool("edit.start", "start", () => this.#retime("start")),
      tool("edit.end", "end", () => this.#retime("end")),
      tool("edit.split", "split", () => this.#split()),
      tool("edit.merge", "merge", () => this.#merge(this.#at)),
      tool("edit.drop", "trash", () => this.#drop()),
    );
  }

  /** @param {Lines} lines */
  update(lines) {
    const { at, remove, put } = differing(this.#shown, lines);
    if (remove === put.length) {
      put.forEach((segment, offset) => this.#fill(/** @type {HTMLElement} */ (this.element.children[at + offset]), segment));
    } else {
      this.#tools.remove();
      for (const old of [...this.element.children].slice(at, at + remove)) old.remove();
      const made = put.map((segment) => this.#line(segment));
      this.element.children[at - 1] ? this.element.children[at - 1]?.after(...made) : this.element.prepend(...made);
      this.#now = -1;
    }
    this.#shown = lines;
    this.#hits = hits(lines, this.#query);
    if (!this.element.querySelector("button.time[tabindex='0']")) this.#reach(0);
    this.#paint();
  }

  /** @param {boolean} on */
  correct(on) {
    this.#correcting = on;
    this.element.dataset.correcting = String(on);
    if (!on) this.#tools.remove();
    for (const line of this.element.children) this.#setEditable(textOf(line));
  }

  /** @param {boolean} on */
  markUnsure(on) {
    this.#unsure = on;
    this.#paint();
  }

  /** @param {string} query @returns {number} how many places have it */
  find(query) {
    this.#query = query;
    this.#hits = hits(this.#shown, query);
    this.#hit = -1;
    this.#paint();
    return this.#hits.length;
  }

  get found() {
    return this.#hits.length;
  }

  /** @param {1|-1} step @returns {number} which one is shown, from 1 */
  step(step) {
    const count = this.#hits.length;
    if (!count) return 0;
    this.#hit = this.#hit < 0 && step < 0 ? count - 1 : (this.#hit + step + count) % count;
    this.#follows = false;
    this.#paint();
    this.element.children[this.#hits[this.#hit]?.line ?? 0]?.scrollIntoView({ block: "center" });
    return this.#hit + 1;
  }

  /** @param {number} time @param {boolean} playing */
  follow(time, playing) {
    const at = lineAt(this.#shown, time);
    const moved = at !== this.#now;
    if (moved) {
      this.element.children[this.#now]?.removeAttribute("aria-current");
      this.element.children[at]?.setAttribute("aria-current", "true");
      this.#now = at;
      if (playing && this.#follows && !this.#correcting) this.element.children[at]?.scrollIntoView({ block: "nearest" });
    }
    const segment = this.#shown[at];
    const word = segment && places(segment).find(({ start, end }) => start <= time && time < end);
    mark("word", word ? [this.#range(at, word.from, word.to)] : []);
  }

  /** After a person asked for a place: keep it in view again. */
  refollow() {
    this.#follows = true;
  }

  localized() {
    this.element.setAttribute("aria-label", t("desk.text"));
    for (const [at, segment] of this.#shown.entries()) this.#fill(/** @type {HTMLElement} */ (this.element.children[at]), segment);
  }

  close() {
    for (const name of ["word", "unsure", "found", "found-now"]) mark(name, []);
  }

  #paint() {
    mark("found", this.#hits.map(({ line, from, to }) => this.#range(line, from, to)));
    const hit = this.#hits[this.#hit];
    mark("found-now", hit ? [this.#range(hit.line, hit.from, hit.to)] : []);
    const unsure = this.#unsure ? this.#shown.flatMap((segment, at) => {
      return places(segment).filter((word) => word.probability < UNSURE).map(({ from, to }) => this.#range(at, from, to));
    }) : [];
    mark("unsure", unsure);
  }

  /** @param {number} at @param {number} from @param {number} to */
  #range(at, from, to) {
    const line = this.element.children[at];
    const text = line && textOf(line).firstChild;
    if (!text) return null;
    const range = document.createRange();
    const length = text.textContent?.length ?? 0;
    range.setStart(text, Math.min(from, length));
    range.setEnd(text, Math.min(to, length));
    return range;
  }

  /** @param {Segment} segment */
  #line(segment) {
    const line = h("li", {}, h("button", { type: "button", class: "time figures", tabindex: -1 }), h("span", { class: "said", dir: "auto" }));
    this.#setEditable(textOf(line));
    this.#fill(line, segment);
    return line;
  }

  /** @param {HTMLElement} line @param {Segment} segment */
  #fill(line, segment) {
    const time = /** @type {HTMLElement} */ (line.firstElementChild);
    line.dataset.segment = String(segment.id);
    setText(time, clock(segment.start));
    time.setAttribute("aria-label", t("job.play_from", { time: clock(segment.start) }));
    const text = textOf(line);
    text.setAttribute("aria-label", t("edit.line", { time: clock(segment.start) }));
    if ((text.textContent ?? "").trim() !== segment.text.trim()) text.textContent = segment.text.trim();
  }

  /** @param {HTMLElement} text */
  #setEditable(text) {
    if (this.#correcting) {
      text.contentEditable = "plaintext-only";
      text.setAttribute("role", "textbox");
    } else {
      text.removeAttribute("contenteditable");
      text.removeAttribute("role");
    }
  }

  /** @param {Event} event */
  #clicked(event) {
    const at = this.#indexOf(event.target);
    const segment = this.#shown[at];
    if (!segment || !(event.target instanceof Element) || event.target.closest(".line-tools")) return;
    this.#follows = true;
    if (event.target.closest(".time")) return this.#desk.play(segment.start);
    if (this.#correcting || !getSelection()?.isCollapsed || !(event instanceof MouseEvent)) return;
    const spot = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const inText = spot && textOf(/** @type {Element} */ (this.element.children[at])).contains(spot.offsetNode);
    this.#desk.play(inText ? timeAt(segment, spot.offset) : segment.start);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const at = this.#indexOf(event.target);
    if (event.target instanceof Element && event.target.closest(".time")) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (!step || !this.#shown[at + step]) return;
      event.preventDefault();
      this.#reach(at + step)?.focus();
    } else if (isText(event.target)) {
      const caret = caretIn(event.target);
      if (event.key === "Enter") {
        event.preventDefault();
        this.#split();
      } else if (event.key === "Backspace" && caret === 0 && at > 0 && getSelection()?.isCollapsed) {
        event.preventDefault();
        this.#merge(at - 1);
      }
    }
  }

  /** @param {Event} event */
  #typed(event) {
    if (!isText(event.target)) return;
    const at = this.#indexOf(event.target);
    this.#desk.change(edits.withText(this.#shown, at, event.target.textContent ?? ""), `text ${at}`);
  }

  /** @param {Event} event */
  #held(event) {
    if (!this.#correcting || !isText(event.target) || this.#tools.parentElement === event.target.parentElement) return;
    event.target.parentElement?.append(this.#tools);
  }

  /** The line whose tools are shown. */
  get #at() {
    return this.#indexOf(this.#tools);
  }

  /** @param {"start"|"end"} edge */
  #retime(edge) {
    const at = this.#at;
    if (at >= 0) this.#desk.change(edits.retimed(this.#shown, at, edge, this.#desk.time()));
  }

  #split() {
    const at = this.#at;
    const text = this.element.children[at];
    if (!text) return;
    this.#desk.change(edits.split(this.#shown, at, caretIn(textOf(text)) ?? 0));
    this.#place(at + 1, 0);
  }

  /** @param {number} at */
  #merge(at) {
    const offset = this.#shown[at]?.text.trim().length;
    if (offset === undefined) return;
    this.#desk.change(edits.merge(this.#shown, at));
    this.#place(at, offset);
  }

  #drop() {
    const at = this.#at;
    if (at < 0) return;
    this.#desk.change(edits.without(this.#shown, at));
    this.#place(Math.min(at, this.#shown.length - 1), 0);
  }

  /** Puts the caret. @param {number} at @param {number} offset */
  #place(at, offset) {
    const line = this.element.children[at];
    if (!line) return;
    textOf(line).focus();
    const range = this.#range(at, offset, offset);
    const selection = getSelection();
    if (!range || !selection) return;
    selection.removeAllRanges();
    selection.addRange(range);
  }

  /** The one line time that Tab reaches. @param {number} at */
  #reach(at) {
    this.element.querySelector("button.time[tabindex='0']")?.setAttribute("tabindex", "-1");
    const time = this.element.children[at]?.firstElementChild;
    time?.setAttribute("tabindex", "0");
    return /** @type {HTMLElement|undefined} */ (time);
  }

  /** @param {EventTarget|null} target */
  #indexOf(target) {
    const line = target instanceof Node ? [...this.element.children].findIndex((each) => each.contains(target)) : -1;
    return line;
  }
}

/** By identity, so that a line with new figures is drawn anew. @param {Lines} before @param {Lines} after */
function differing(before, after) {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - at && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return { at, remove: before.length - at - tail, put: after.slice(at, after.length - tail) };
}

/** @param {Element} line */
function textOf(line) {
  return /** @type {HTMLElement} */ (line.children[1]);
}

/** @param {EventTarget|null} target @returns {target is HTMLElement} */
function isText(target) {
  return target instanceof HTMLElement && target.classList.contains("said");
}

/** @param {Element} text @returns {number|null} */
function caretIn(text) {
  const selection = getSelection();
  return selection?.anchorNode && text.contains(selection.anchorNode) ? selection.anchorOffset : null;
}

/** @param {string} name @param {(Range|null)[]} ranges */
function mark(name, ranges) {
  const known = globalThis.CSS?.highlights;
  if (!known) return; // an older browser: the line alone is marked
  const all = ranges.filter((range) => range !== null);
  if (all.length) known.set(name, new Highlight(...all));
  else known.delete(name);
}

/** @param {Key} key @param {Icon} name @param {() => void} run */
function tool(key, name, run) {
  const button = h("button", { type: "button", class: "button small ghost", onclick: run }, icon(name), h("span", { t: key }));
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the caret stays where it is
  return button;
}
