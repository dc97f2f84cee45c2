/** The sound as a picture to scrub in. */

import { t } from "../i18n.js";
import { h } from "../lib/dom.js";
import { clock } from "../lib/format.js";

const BAR_PX = 3;

export class Waveform {
  element = h("div", { class: "wave", role: "slider", tabindex: 0, "aria-valuemin": 0 });
  #canvas = h("canvas", { "aria-hidden": "true" });
  /** @type {readonly number[]} */
  #peaks = [];
  #duration = 0;
  #time = 0;

  /** @param {(seconds: number) => void} onSeek */
  constructor(onSeek) {
    this.element.append(this.#canvas);
    new ResizeObserver(() => this.#draw()).observe(this.element);
    /** @param {PointerEvent} event */
    const seek = (event) => {
      const { left, width } = this.element.getBoundingClientRect();
      if (this.#duration) onSeek(Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.#duration);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons === 1 && seek(event));
    this.element.addEventListener("keydown", ({ key }) => {
      if (key === "Home") onSeek(0);
      if (key === "End") onSeek(this.#duration);
    });
  }

  /** @param {readonly number[]} peaks 0 to 255 */
  show(peaks) {
    const loudest = Math.max(...peaks, 1);
    this.#peaks = peaks.map((peak) => peak / loudest);
    this.#draw();
  }

  /** @param {number} time @param {number} duration */
  update(time, duration) {
    this.#time = time;
    this.#duration = duration;
    this.#draw();
    const said = t("desk.at", { time: clock(time), duration: clock(duration) });
    if (this.element.ariaValueText === said) return;
    this.element.ariaLabel = t("desk.position");
    this.element.ariaValueMax = String(Math.round(duration));
    this.element.ariaValueNow = String(Math.round(time));
    this.element.ariaValueText = said;
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const pen = this.#canvas.getContext("2d");
    if (!pen || !width) return;
    const dots = devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * dots)) this.#canvas.width = Math.round(width * dots);
    if (this.#canvas.height !== Math.round(height * dots)) this.#canvas.height = Math.round(height * dots);
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.element);
    const [played, rest] = [style.color, style.borderTopColor];
    const done = this.#duration ? (this.#time / this.#duration) * width : 0;
    const count = Math.floor(width / BAR_PX);
    for (let bar = 0; bar < count; bar += 1) {
      const x = bar * BAR_PX;
      const tall = Math.max(this.#loudest(bar / count, (bar + 1) / count) * height, 2);
      pen.fillStyle = x < done ? played : rest;
      pen.fillRect(x, (height - tall) / 2, BAR_PX - 1, tall);
    }
    pen.fillStyle = played;
    pen.fillRect(Math.min(done, width - 2), 0, 2, height);
  }

  /** @param {number} from @param {number} to shares of the whole */
  #loudest(from, to) {
    const peaks = this.#peaks;
    let most = 0;
    for (let at = Math.floor(from * peaks.length); at < Math.ceil(to * peaks.length); at += 1) {
      most = Math.max(most, peaks[at] ?? 0);
    }
    return most;
  }
}
