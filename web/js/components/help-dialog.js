/** The keyboard shortcuts, which can be changed here, and how far playback goes back after a pause. */

import { t } from "../i18n.js";
import { h, query, setChildren } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { chooseKey, DEFAULT_REWIND_S, keyName, keysOf, resetKeys, SHORTCUTS, TYPING_KEYS } from "../shortcuts.js";

const REWINDS_S = [0, 0.5, 1, 1.5, 2, 3, 5];

/** @type {Component} */
export function helpDialog(element, { commands }) {
	const dialog = query(element, "dialog", HTMLDialogElement);
	const list = query(dialog, "dl");
	const rewind = query(dialog, "#rewind", HTMLSelectElement);
	/** The command whose next key is awaited. */
	let awaited = "";
	query(dialog, "#reset-keys").addEventListener("click", () => {
		resetKeys();
		render();
	});
	rewind.addEventListener("change", () => save("rewind", Number(rewind.value)));
	dialog.addEventListener("close", () => (awaited = ""));
	dialog.addEventListener("keydown", (event) => {
		const key = keyName(event);
		if (!awaited || !key || key === "Tab") return;
		event.preventDefault();
		const command = awaited;
		awaited = "";
		chooseKey(command, key);
		render(command);
	});
	commands.register({
		help() {
			render();
			if (dialog.open) dialog.close();
			else dialog.showModal();
		},
	});

	/** @param {string} [focused] the command whose button gets the focus */
	function render(focused) {
		rewind.replaceChildren(...REWINDS_S.map((value) => h("option", { value }, `${formatNumber(value)} s`)));
		rewind.value = String(load("rewind", DEFAULT_REWIND_S));
		setChildren(list, ...[...SHORTCUTS, ...TYPING_KEYS].map(row));
		if (focused) query(list, `[data-change="${focused}"]`).focus();
	}

	/** @param {import("../shortcuts.js").Shortcut} shortcut */
	function row(shortcut) {
		const { command, description } = shortcut;
		const keys = command && awaited === command ? [t("help.press")] : keysOf(shortcut).map((key) => key.replace("Space", t("help.space")));
		const shown = keys.map((key) => h("kbd", {}, key));
		const change = () => {
			awaited = command;
			render(command);
		};
		const button = h("button", { class: "keys", "data-change": command, onclick: change }, ...shown);
		button.ariaLabel = `${t(description)}: ${keys.join(", ") || t("help.no_key")}. ${t("help.change")}`;
		return h("div", {}, h("dt", {}, ...(command ? [button] : shown)), h("dd", { t: description }));
	}
}
