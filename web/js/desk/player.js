/** The recording: play, skip, speed, waveform; a picture where it has one. */

import { audioAddress } from "../api.js";
import { language, t } from "../i18n.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { load, save } from "../lib/memory.js";
import { Waveform } from "./waveform.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const SKIP_S = 5;

export class Player {
  media = h("video", { preload: "metadata", playsinline: true, hidden: true });
  #wave = new Waveform((seconds) => this.seek(seconds));
  #toggle = h("button", { type: "button", class: "button primary round" });
  #time = h("span", { class: "figures clock" });
  #speed = h("select", { label: "desk.speed", name: "speed" });
  #duration = 0;
  #problem = h("p", { class: "problem", hidden: true, t: "desk.unplayable" });
  element;
  #onTime;
  #frame = 0;

  /** @param {string} id @param {number} duration seconds @param {(seconds: number) => void} onTime */
  constructor(id, duration, onTime) {
    this.#duration = duration;
    this.#onTime = onTime;
    this.#toggle.addEventListener("click", () => this.toggle());
    this.#speed.addEventListener("change", () => this.#setSpeed(Number(this.#speed.value)));
    this.element = h(
      "div",
      { class: "player", role: "group", label: "desk.player" },
      this.#wave.element,
      h("div", { class: "player-row" }, skip(this, -SKIP_S), this.#toggle, skip(this, SKIP_S), this.#time, h("span", { class: "select quiet" }, this.#speed)),
      this.#problem,
    );
    const { media } = this;
    for (const name of ["play", "pause", "seeked", "ended", "loadedmetadata"]) media.addEventListener(name, () => this.#update());
    media.addEventListener("error", () => show(this.#problem, true));
    media.addEventListener("loadedmetadata", () => {
      show(media, media.videoWidth > 0);
      media.playbackRate = Number(this.#speed.value);
      if (Number.isFinite(media.duration) && media.duration > 0) this.#duration = media.duration;
      this.#update();
    });
    media.addEventListener("click", () => this.toggle());
    media.src = audioAddress(id);
    this.localized();
  }

  localized() {
    const chosen = load("speed", 1);
    const number = new Intl.NumberFormat(language());
    this.#speed.replaceChildren(...SPEEDS.map((speed) => h("option", { value: speed }, `${number.format(speed)}×`)));
    this.#setSpeed(SPEEDS.includes(chosen) ? chosen : 1);
    this.#update();
  }

  get time() {
    return this.media.currentTime;
  }

  get isPlaying() {
    return !this.media.paused;
  }

  /** @param {readonly number[]} peaks */
  picture(peaks) {
    this.#wave.show(peaks);
  }

  toggle() {
    if (this.isPlaying) this.media.pause();
    else void this.play();
  }

  /** @param {number} [from] seconds */
  play(from) {
    if (from !== undefined) this.seek(from);
    return this.media.play().catch(() => undefined); // what the browser can't play, the error event tells
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.media.currentTime = Math.min(Math.max(seconds, 0), this.#duration || seconds);
    this.#tell(this.media.currentTime);
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.seek(this.time + seconds);
  }

  /** @param {1|-1} step */
  faster(step) {
    const at = SPEEDS.indexOf(Number(this.#speed.value)) + step;
    if (SPEEDS[at]) this.#setSpeed(SPEEDS[at]);
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }

  /** @param {number} speed */
  #setSpeed(speed) {
    this.#speed.value = String(speed);
    this.media.playbackRate = speed;
    save("speed", speed);
  }

  #update() {
    this.#toggle.replaceChildren(icon(this.isPlaying ? "pause" : "play"));
    this.#toggle.setAttribute("aria-label", t(this.isPlaying ? "desk.pause" : "desk.play"));
    this.#tell(this.time);
    cancelAnimationFrame(this.#frame);
    if (this.isPlaying) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #follow() {
    this.#tell(this.time);
    this.#frame = requestAnimationFrame(() => this.#follow());
  }

  /** @param {number} time */
  #tell(time) {
    setText(this.#time, `${clock(time)} / ${clock(this.#duration)}`);
    this.#wave.update(time, this.#duration);
    this.#onTime(time);
  }
}

/** @param {Player} player @param {number} seconds */
function skip(player, seconds) {
  const back = seconds < 0;
  return h(
    "button",
    { type: "button", class: "button ghost round", label: back ? "desk.back5" : "desk.ahead5", onclick: () => player.skip(seconds) },
    icon(back ? "back" : "ahead"),
  );
}
