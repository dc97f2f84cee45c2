/** At home, or at one transcript's desk: the address says it, so reload and back work. */

import { query, setVisible } from "./lib/dom.js";

const DESK = /^#\/job\/([0-9a-f-]{36})(?:\?(.*))?$/;

/** The job at whose desk a person is. */
let here = "";

export function isEditorOpen() {
	return here !== "";
}

export function navigateHome() {
	if (location.hash) location.hash = "#/";
}

/** @param {App} app @param {() => Promise<boolean>} loadEditor */
export function startRouter({ store, actions, commands }, loadEditor) {
	const home = query(document, "main.layout");
	const desk = query(document, "transcript-editor");
	let scroll = 0;

	async function go() {
		const { hash } = location;
		const [, id = "", query] = DESK.exec(hash) ?? [];
		const asked = new URLSearchParams(query);
		if (id && !store.state.entries[id]) await actions.fetchJob(id);
		const there = id && store.state.entries[id]?.job.status === "completed" ? id : "";
		if (there && !(await loadEditor())) return; // tried again when the server is back
		if (location.hash !== hash) return; // somebody went on meanwhile
		const before = here;
		if (there && !before) scroll = scrollY;
		here = there;
		setVisible(home, !there);
		setVisible(desk, there !== "");
		if (there) {
			const from = asked.get("t");
			commands.open?.(there, from === null ? undefined : Number(from), asked.get("q") ?? "");
		} else if (before) {
			commands.close?.();
			scrollTo(0, scroll);
			const toggle = home.querySelector(`[data-job="${before}"] .toggle`);
			if (toggle instanceof HTMLElement) toggle.focus({ preventScroll: true });
		}
	}

	addEventListener("hashchange", go);
	// Jobs are known once the server has told them; one that is gone leads home.
	store.subscribe((state, before) => {
		if (state.connection === "online" && before.connection !== "online") void go();
		else if (here && (state.leaving.includes(here) || (before.entries[here] && !state.entries[here]))) navigateHome();
	});
}
