/** The keyboard: one table, obeyed here and shown by the help. */

/** @typedef {{keys: string[], shown: string, does: Key, run: string}} Row `run` names one of the deeds given to listen() */

/** @type {readonly Row[]} */
export const KEYS = [
  { keys: ["?"], shown: "?", does: "help.help", run: "help" },
  { keys: ["/"], shown: "/", does: "help.search", run: "search" },
  { keys: ["o"], shown: "O", does: "help.choose", run: "choose" },
  { keys: ["r"], shown: "R", does: "help.record", run: "record" },
  { keys: [" ", "k"], shown: "Space K", does: "help.play", run: "play" },
  { keys: ["ArrowLeft", "j"], shown: "← J", does: "help.back", run: "back" },
  { keys: ["ArrowRight", "l"], shown: "→ L", does: "help.ahead", run: "ahead" },
  { keys: ["<", ","], shown: "<", does: "help.slower", run: "slower" },
  { keys: [">", "."], shown: ">", does: "help.faster", run: "faster" },
  { keys: ["e"], shown: "E", does: "help.correct", run: "correct" },
  { keys: ["ctrl+z"], shown: "Ctrl+Z", does: "help.undo", run: "undo" },
  { keys: ["ctrl+shift+z", "ctrl+y"], shown: "Ctrl+Shift+Z", does: "help.redo", run: "redo" },
  { keys: ["Escape"], shown: "Esc", does: "help.close_desk", run: "leave" },
];
const WRITING = "input, textarea, select, [contenteditable]";
const OWN_SPACE = "button, a, summary, audio";

/** @param {(deed: string) => (() => void)|undefined} deedOf what a deed is here and now; undefined: nothing */
export function listen(deedOf) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const modified = event.ctrlKey || event.metaKey;
    const key = modified ? `ctrl+${event.shiftKey ? "shift+" : ""}${event.key.toLowerCase()}` : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const row = event.altKey ? undefined : KEYS.find(({ keys }) => keys.includes(key));
    if (!row) return;
    const corrects = target.closest("[contenteditable]") !== null;
    if (target.closest(WRITING) && !(corrects && (modified || key === "Escape"))) return;
    if (key === " " && target.closest(OWN_SPACE)) return;
    const deed = deedOf(row.run);
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}
