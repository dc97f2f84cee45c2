/** A recording from the microphone: level, pause, listen, then send or discard. */

import { language, t } from "../i18n.js";
import { fill, h, icon, setText, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";

const TICK_MS = 80;

export class RecorderPanel extends HTMLElement {
  #level = h("meter", { min: 0, max: 1, "aria-hidden": "true" });
  #time = h("span", { class: "figures", role: "timer" });
  #listen = h("audio", { controls: true, label: "record.listen" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #pause = h("button", { type: "button", class: "button small" });
  #running = h("div", { class: "recording" });
  #review = h("div", { class: "recording" });
  /** @type {MediaRecorder|undefined} */
  #recorder;
  /** @type {AudioContext|undefined} */
  #sound;
  /** @type {File|undefined} */
  #file;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;
  #elapsed_ms = 0;

  /** @param {(files: File[]) => void} onFiles */
  connect(onFiles) {
    const stop = h("button", { type: "button", class: "button small primary", onclick: () => this.#recorder?.stop() }, icon("stop"), h("span", { t: "record.stop" }));
    const send = h("button", { type: "button", class: "button small primary", t: "record.send" });
    const discard = h("button", { type: "button", class: "button small ghost", t: "record.discard", onclick: () => this.#reset() });
    send.addEventListener("click", () => {
      if (this.#file) onFiles([this.#file]);
      this.#reset();
    });
    this.#pause.addEventListener("click", () => this.#togglePause());
    this.#running.append(h("span", { class: "pulse" }), this.#time, this.#level, this.#pause, stop);
    this.#review.append(this.#listen, send, discard);
    fill(this, this.#running, this.#review, this.#problem);
    this.#reset();
  }

  get isBusy() {
    return this.#recorder !== undefined;
  }

  async start() {
    if (this.isBusy) return;
    this.#reset();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.#record(stream);
    } catch {
      setText(this.#problem, t(isSecureContext ? "record.refused" : "record.insecure"));
      show(this.#problem, true);
    }
  }

  /** @param {MediaStream} stream */
  #record(stream) {
    const recorder = new MediaRecorder(stream);
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      this.#finish(new Blob(parts, { type: recorder.mimeType }));
    };
    this.#recorder = recorder;
    this.#sound = new AudioContext();
    const meter = this.#sound.createAnalyser();
    this.#sound.createMediaStreamSource(stream).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    recorder.start(1000);
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (recorder.state === "recording") this.#elapsed_ms += now - last;
      last = now;
      meter.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.#level.value = recorder.state === "recording" ? Math.sqrt(loudest) : 0;
      setText(this.#time, clock(this.#elapsed_ms / 1000));
    }, TICK_MS);
    this.#update();
  }

  #togglePause() {
    if (this.#recorder?.state === "recording") this.#recorder.pause();
    else this.#recorder?.resume();
    this.#update();
  }

  /** @param {Blob} blob */
  #finish(blob) {
    this.#end();
    const when = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date());
    const kind = blob.type.includes("mp4") ? "m4a" : blob.type.includes("ogg") ? "ogg" : "webm";
    this.#file = new File([blob], `${t("record.name", { when }).replaceAll(/[/:]/g, ".")}.${kind}`, { type: blob.type });
    this.#listen.src = URL.createObjectURL(blob);
    this.#update();
    this.#review.querySelector("button")?.focus();
  }

  #end() {
    clearInterval(this.#timer);
    void this.#sound?.close();
    this.#recorder = this.#sound = undefined;
    this.#elapsed_ms = 0;
  }

  #reset() {
    if (this.#listen.src) URL.revokeObjectURL(this.#listen.src);
    this.#listen.removeAttribute("src");
    this.#file = undefined;
    show(this.#problem, false);
    this.#update();
  }

  #update() {
    const paused = this.#recorder?.state === "paused";
    show(this.#running, this.isBusy);
    show(this.#review, this.#file !== undefined);
    this.dataset.paused = String(paused);
    this.#pause.replaceChildren(icon(paused ? "mic" : "pause"), t(paused ? "record.resume" : "record.pause"));
    setText(this.#time, clock(this.#elapsed_ms / 1000));
  }

  localized() {
    this.#update();
  }
}
