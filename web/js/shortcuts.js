/** Keyboard shortcuts. The help dialog shows the same table. */

/** @type {readonly {keys: string[], label: string, description: TextKey, command: string}[]} */
export const SHORTCUTS = [
	{ keys: ["?"], label: "?", description: "help.help", command: "help" },
	{ keys: ["/"], label: "/", description: "filter.search", command: "search" },
	{ keys: ["o"], label: "O", description: "drop.choose", command: "choose-files" },
	{ keys: ["r"], label: "R", description: "record.start", command: "record" },
	{ keys: [" ", "k"], label: "Space K", description: "help.play", command: "play" },
	{ keys: ["ArrowLeft", "j"], label: "← J", description: "editor.skip_back", command: "skip-back" },
	{ keys: ["ArrowRight", "l"], label: "→ L", description: "editor.skip_forward", command: "skip-forward" },
	{ keys: ["<", ","], label: "<", description: "help.slower", command: "slower" },
	{ keys: [">", "."], label: ">", description: "help.faster", command: "faster" },
	{ keys: ["e"], label: "E", description: "edit.correct", command: "correct" },
	{ keys: ["ctrl+z"], label: "Ctrl+Z", description: "edit.undo", command: "undo" },
	{ keys: ["ctrl+shift+z", "ctrl+y"], label: "Ctrl+Shift+Z", description: "edit.redo", command: "redo" },
	{ keys: ["Escape"], label: "Esc", description: "editor.close", command: "leave" },
];
const TEXT_FIELDS = "input, textarea, select, [contenteditable]";
const USES_SPACE = "button, a, summary, audio";

/** @param {(command: string) => (() => unknown)|undefined} findCommand */
export function connectShortcuts(findCommand) {
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
		const target = event.target instanceof Element ? event.target : document.body;
		const hasCtrl = event.ctrlKey || event.metaKey;
		const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
		const key = hasCtrl ? `ctrl+${event.shiftKey ? "shift+" : ""}${name}` : name;
		const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(key));
		if (!shortcut) return;
		const worksInLines = hasCtrl || key === "Escape";
		if (target.closest(TEXT_FIELDS) && !(target.closest("[contenteditable]") && worksInLines)) return;
		if (key === " " && target.closest(USES_SPACE)) return;
		const run = findCommand(shortcut.command);
		if (!run) return;
		event.preventDefault();
		run();
	});
}
