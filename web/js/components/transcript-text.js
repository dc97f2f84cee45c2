/** The lines of a transcript with their times; grows while the job runs and follows the newest line. */

import { t } from "../i18n.js";
import { h, setText, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";

/** Nearer to the end than this, a reader is taken to follow. */
const FOLLOW_PX = 48;

export class TranscriptText extends HTMLElement {
  #list = h("ol", { class: "lines" });
  #plain = h("p", { class: "plain", dir: "auto" });
  /** @type {Lines} */
  #shown = [];
  #onPlay;

  /** @param {(seconds: number) => void} onPlay */
  constructor(onPlay) {
    super();
    this.#onPlay = onPlay;
  }

  connectedCallback() {
    this.className = "text";
    this.setAttribute("role", "group");
    this.tabIndex = 0;
    if (!this.firstChild) this.append(this.#list, this.#plain);
  }

  /**
   * @param {Lines} segments by id
   * @param {string} plain the text where there are no segments
   * @param {{times: boolean, playable: boolean, live: boolean}} how
   */
  update(segments, plain, { times, playable, live }) {
    const follows = this.scrollHeight - this.scrollTop - this.clientHeight < FOLLOW_PX;
    show(this.#plain, plain !== "");
    setText(this.#plain, plain);
    if (segments !== this.#shown) this.#updateLines(segments);
    this.dataset.times = String(times);
    for (const time of this.#list.querySelectorAll("button")) time.disabled = !playable;
    this.dataset.live = String(live);
    if (live && follows) this.scrollTo({ top: this.scrollHeight });
  }

  /** @param {Lines} segments */
  #updateLines(segments) {
    segments.forEach((segment, at) => {
      const line = this.#list.children[at];
      if (!line) this.#list.append(this.#line(segment));
      else if (this.#shown[at] !== segment) line.replaceWith(this.#line(segment));
    });
    while (this.#list.children.length > segments.length) this.#list.lastElementChild?.remove();
    this.#shown = segments;
  }

  /** @param {Segment} segment */
  #line(segment) {
    const time = h("button", { type: "button", class: "time figures", onclick: () => this.#onPlay(segment.start) }, clock(segment.start));
    time.setAttribute("aria-label", t("job.play_from", { time: clock(segment.start) }));
    return h("li", { "data-segment": segment.id }, time, h("span", { dir: "auto" }, segment.text.trim()));
  }
}
