/** What shortcuts and buttons do, by name. Components register commands; "list:" and "editor:" limit one to a view. */

import { closest } from "./lib/dom.js";

export class Commands {
	/** @type {Map<string, () => unknown>} */
	#commands = new Map();

	/** @param {Record<string, () => unknown>} commands */
	register(commands) {
		for (const [name, run] of Object.entries(commands)) this.#commands.set(name, run);
	}

	/** @param {string} name @param {string} view the one that is open */
	find(name, view) {
		return this.#commands.get(`${view}:${name}`) ?? this.#commands.get(name);
	}

	/** Runs the command that a clicked button names in data-command. */
	connectButtons() {
		document.addEventListener("click", ({ target }) => {
			this.#commands.get(closest(target, "[data-command]")?.dataset.command ?? "")?.();
		});
	}
}
