/** Takes files: from the chooser, the microphone, the clipboard, or dropped anywhere on the page. */

import { fill, h, icon, show } from "../lib/dom.js";
import { RecorderPanel } from "./recorder-panel.js";

export class DropZone extends HTMLElement {
  /** @type {AbortController|undefined} */
  #scope;
  #input = h("input", { type: "file", multiple: true, class: "visually-hidden", id: "files", accept: "audio/*,video/*,.mkv,.opus,.m4a" });
  #recorder = new RecorderPanel();

  /** @param {(files: File[]) => void} onFiles */
  connect(onFiles) {
    const input = this.#input;
    this.#recorder.connect(onFiles);
    input.addEventListener("change", () => {
      onFiles([...(input.files ?? [])]);
      input.value = "";
    });
    const cover = h("div", { class: "drop-cover", hidden: true, "aria-hidden": "true" }, h("p", { t: "drop.release" }));
    fill(
      this,
      h(
        "div",
        { class: "drop" },
        h("span", { class: "drop-mark" }, icon("upload")),
        h("p", { class: "drop-title", t: "drop.title" }),
        h("p", { class: "hint", t: "drop.hint" }),
        h(
          "div",
          { class: "drop-ways" },
          input,
          h("label", { class: "button primary", for: "files", t: "drop.choose" }),
          h("button", { type: "button", class: "button", onclick: () => this.record() }, icon("mic"), h("span", { t: "record.start" })),
        ),
        this.#recorder,
      ),
      cover,
    );
    this.#listen(cover, onFiles);
  }

  choose() {
    this.#input.click();
  }

  record() {
    void this.#recorder.start();
  }

  localized() {
    this.#recorder.localized();
  }

  disconnectedCallback() {
    this.#scope?.abort();
  }

  /** @param {HTMLElement} cover @param {(files: File[]) => void} onFiles */
  #listen(cover, onFiles) {
    this.#scope = new AbortController();
    const { signal } = this.#scope;
    let depth = 0; // each element that is entered is left again, one after the other
    /** @param {DragEvent} event */
    const brings = (event) => event.dataTransfer?.types.includes("Files") ?? false;
    /** @param {number} next */
    const setDepth = (next) => {
      depth = Math.max(0, next);
      show(cover, depth > 0);
    };
    addEventListener("dragenter", (event) => brings(event) && setDepth(depth + 1), { signal });
    addEventListener("dragleave", (event) => brings(event) && setDepth(depth - 1), { signal });
    addEventListener("dragover", (event) => brings(event) && event.preventDefault(), { signal });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      onFiles(files);
    }, { signal });
    addEventListener("drop", (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      setDepth(0);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    }, { signal });
  }
}
