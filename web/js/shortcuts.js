/**
 * Keyboard shortcuts. The help dialog shows the same table, and lets users choose other keys, such as those that a foot
 * pedal sends. Function keys, Escape and keys with Ctrl also work while typing in a transcript.
 */

import { load, save } from "./lib/storage.js";

/** @typedef {{command: string, description: TextKey, keys: readonly string[]}} Shortcut */

/** With the default keys. */
export const SHORTCUTS = shortcuts([
	["play", "help.play", "Space", "K", "Ctrl+Space"],
	["skip-back", "editor.skip_back", "J", "←", "F1", "Ctrl+←"],
	["skip-forward", "editor.skip_forward", "L", "→", "F2", "Ctrl+→"],
	["slower", "help.slower", "<", ",", "F3"],
	["faster", "help.faster", ">", ".", "F4"],
	["follow", "editor.follow", "F"],
	["toggle-paragraphs", "editor.paragraphs", "P"],
	["note", "selection.note", "N"],
	["copy-quotation", "selection.quote", "Q"],
	["correct", "help.correct", "E", "Ctrl+Enter"],
	["undo", "edit.undo", "Ctrl+Z"],
	["redo", "edit.redo", "Ctrl+Shift+Z", "Ctrl+Y"],
	["escape", "help.escape", "Esc"],
	["search", "filter.search", "/"],
	["choose-files", "drop.choose", "O"],
	["record", "record.start", "R"],
	["help", "help.help", "?"],
]);
/** What can't be changed, since it belongs to typing. */
export const TYPING_KEYS = shortcuts([
	["", "help.split", "Enter"],
	["", "help.join", "Backspace"],
	["", "help.lines", "↑", "↓"],
	["", "help.speaker", "1–9"],
]);
/** How far playback goes back after a pause, unless the user chooses otherwise. */
export const DEFAULT_REWIND_S = 1;
const TEXT_FIELDS = "input, textarea, select, [contenteditable]";
const USES_SPACE = "button, a, summary, audio";
const WORKS_IN_TEXT = /^(Ctrl\+.*|F\d+|Esc|Media.*|Pause)$/;
/** @type {Record<string, string>} */
const NAMES = { " ": "Space", Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** By command; only what the user has changed. @type {Record<string, string[]>} */
let chosen = load("keys", {});

/** @param {[string, TextKey, ...string[]][]} rows @returns {Shortcut[]} */
function shortcuts(rows) {
	return rows.map(([command, description, ...keys]) => ({ command, description, keys }));
}

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
