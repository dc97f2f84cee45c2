/** Takes files: from the chooser, the microphone, the clipboard, or dropped anywhere on the page. */

import { button, fill, h, icon, show } from "../lib/dom.js";
import { goHome } from "../places.js";
import { recorderPanel } from "./recorder-panel.js";

/** @type {Part} */
export function dropZone(element, page) {
  const { actions, deeds } = page;
  const input = h("input", { type: "file", multiple: true, class: "visually-hidden", id: "files", accept: "audio/*,video/*,.mkv,.opus,.m4a" });
  const cover = h("div", { class: "drop-cover", hidden: true, "aria-hidden": "true" }, h("p", { t: "drop.release" }));
  /** @param {Iterable<File>} files */
  const take = (files) => {
    goHome();
    actions.submit([...files], page.options());
  };
  const recorder = recorderPanel(take);
  deeds["home choose"] = () => input.click();
  deeds["home record"] = recorder.start;
  input.addEventListener("change", () => {
    take(input.files ?? []);
    input.value = "";
  });
  listen(cover, take);
  fill(
    element,
    h(
      "div",
      { class: "drop" },
      h("span", { class: "drop-mark" }, icon("upload")),
      h("p", { class: "drop-title", t: "drop.title" }),
      h("p", { class: "hint", t: "drop.hint" }),
      h("div", { class: "drop-ways" }, input, h("label", { class: "button primary", for: "files", t: "drop.choose" }), button("", "record.start", recorder.start, "mic")),
      recorder.element,
    ),
    cover,
  );
  return (_state, before) => before ?? recorder.draw();
}

/** @param {HTMLElement} cover @param {(files: Iterable<File>) => void} take */
function listen(cover, take) {
  let depth = 0; // each element that is entered is left again, one after the other
  /** @type {(kind: "dragenter"|"dragleave"|"dragover"|"drop", deed: (event: DragEvent) => void) => void} */
  const on = (kind, deed) => addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && deed(event));
  const setDepth = (/** @type {number} */ next) => {
    depth = Math.max(0, next);
    show(cover, depth > 0);
  };
  on("dragenter", () => setDepth(depth + 1));
  on("dragleave", () => setDepth(depth - 1));
  on("dragover", (event) => event.preventDefault());
  on("drop", (event) => {
    event.preventDefault();
    setDepth(0);
    take(event.dataTransfer?.files ?? []);
  });
  addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    take(files);
  });
}
