/**
 * Keyboard shortcuts. The help dialog shows the same table, and lets users choose other keys, such as those that a foot
 * pedal sends. Function keys, Escape and keys with Ctrl also work while typing in a transcript.
 */

import { load, save } from "./lib/storage.js";

/** @typedef {{command: string, description: TextKey, keys: readonly string[]}} Shortcut */

/** With the default keys. @type {readonly Shortcut[]} */
export const SHORTCUTS = [
	{ command: "play", description: "help.play", keys: ["Space", "K", "Ctrl+Space"] },
	{ command: "skip-back", description: "editor.skip_back", keys: ["J", "←", "F1", "Ctrl+←"] },
	{ command: "skip-forward", description: "editor.skip_forward", keys: ["L", "→", "F2", "Ctrl+→"] },
	{ command: "slower", description: "help.slower", keys: ["<", ",", "F3"] },
	{ command: "faster", description: "help.faster", keys: [">", ".", "F4"] },
	{ command: "follow", description: "editor.follow", keys: ["F"] },
	{ command: "toggle-paragraphs", description: "editor.paragraphs", keys: ["P"] },
	{ command: "note", description: "selection.note", keys: ["N"] },
	{ command: "copy-quotation", description: "selection.quote", keys: ["Q"] },
	{ command: "correct", description: "help.correct", keys: ["E", "Ctrl+Enter"] },
	{ command: "undo", description: "edit.undo", keys: ["Ctrl+Z"] },
	{ command: "redo", description: "edit.redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"] },
	{ command: "escape", description: "help.escape", keys: ["Esc"] },
	{ command: "search", description: "filter.search", keys: ["/"] },
	{ command: "choose-files", description: "drop.choose", keys: ["O"] },
	{ command: "record", description: "record.start", keys: ["R"] },
	{ command: "help", description: "help.help", keys: ["?"] },
];
/** What can't be changed, since it belongs to typing. @type {readonly Shortcut[]} */
export const TYPING_KEYS = [
	{ command: "", description: "help.split", keys: ["Enter"] },
	{ command: "", description: "help.join", keys: ["Backspace"] },
	{ command: "", description: "help.lines", keys: ["↑", "↓"] },
	{ command: "", description: "help.speaker", keys: ["1–9"] },
];
/** How far playback goes back after a pause, unless the user chooses otherwise. */
export const DEFAULT_REWIND_S = 1;
const TEXT_FIELDS = "input, textarea, select, [contenteditable]";
const USES_SPACE = "button, a, summary, audio";
const WORKS_IN_TEXT = /^(Ctrl\+.*|F\d+|Esc|Media.*|Pause)$/;
/** @type {Record<string, string>} */
const NAMES = { " ": "Space", Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** By command; only what the user has changed. @type {Record<string, string[]>} */
let chosen = load("keys", {});

/** @param {Shortcut} shortcut */
export function keysOf({ command, keys }) {
	return chosen[command] ?? keys;
}

/** Replaces the keys of a command by this one, which no other command keeps. @param {string} command @param {string} key */
export function chooseKey(command, key) {
	const others = SHORTCUTS.filter((shortcut) => shortcut.command !== command && keysOf(shortcut).includes(key));
	for (const other of others) chosen[other.command] = keysOf(other).filter((name) => name !== key);
	chosen[command] = [key];
	save("keys", chosen);
}

export function resetKeys() {
	chosen = {};
	save("keys", chosen);
}

/** As the help shows it: "Ctrl+Shift+Z", "F1", "←"; "": a modifier alone. @param {KeyboardEvent} event */
export function keyName({ key, ctrlKey, metaKey, shiftKey }) {
	if (["Control", "Shift", "Alt", "Meta", "AltGraph"].includes(key)) return "";
	const name = NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
	const hasCtrl = ctrlKey || (metaKey && key.length === 1 && key !== " "); // Cmd+arrow moves the caret on a Mac
	return hasCtrl ? `Ctrl+${shiftKey ? "Shift+" : ""}${name}` : name;
}

/** @param {(command: string) => (() => unknown)|undefined} findCommand */
export function connectShortcuts(findCommand) {
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
		const target = event.target instanceof Element ? event.target : document.body;
		const key = keyName(event);
		const shortcut = SHORTCUTS.find((row) => keysOf(row).includes(key));
		if (!shortcut) return;
		if (target.closest(TEXT_FIELDS) && !(target.closest("[contenteditable]") && WORKS_IN_TEXT.test(key))) return;
		if (key === "Space" && target.closest(USES_SPACE)) return;
		const run = findCommand(shortcut.command);
		if (!run) return;
		event.preventDefault();
		run();
	});
}
