/**
 * Which view is open: the list, one transcript in the editor, or the models. It is in the address, so reload
 * and back work. The document gets a "viewchange" event.
 */

import { canOpen } from "./job-reducer.js";
import { query, setVisible } from "./lib/dom.js";

const EDITOR_HASH = /^#\/job\/([0-9a-f-]{36})(?:\?(.*))?$/;

/** The job that is open in the editor; "": another view is open. */
let openJobId = "";

/** @type {"list"|"models"|"editor"} */
let view = "list";

export function currentView() {
	return view;
}

/** The job that is open in the editor, or "". */
export function openJob() {
	return openJobId;
}

/** The editor's address. @param {string} id @param {number} [from] seconds to play from @param {string} [text] to find */
export function transcriptHref(id, from, text) {
	const params = new URLSearchParams({ ...(from !== undefined && { t: String(from) }), ...(text && { q: text }) });
	return `#/job/${id}${params.size ? `?${params}` : ""}`;
}

export function openList() {
	if (location.hash) location.hash = "#/";
}

/** @param {App} app @param {() => Promise<Editor|undefined>} loadEditor undefined: the server is unreachable */
export function startRouter({ store, actions }, loadEditor) {
	const listView = query(document, "main");
	const modelsView = query(document, "models-view");
	const editorView = query(document, "transcript-editor");
	/** @type {Editor|undefined} */
	let editor;
	let listScrollY = 0;

	async function navigate() {
		const { hash } = location;
		const [, wantedId = "", params] = EDITOR_HASH.exec(hash) ?? [];
		if (wantedId && !store.state.entries[wantedId]) await actions.fetchJob(wantedId);
		const job = store.state.entries[wantedId]?.job;
		const id = job && canOpen(job) ? wantedId : "";
		const next = id ? "editor" : hash === "#/models" ? "models" : "list";
		if (next !== "list") editor = await loadEditor();
		if (next !== "list" && !editor) return; // the next connection tries again
		if (location.hash !== hash) return; // another navigation has started
		const [closed, closedId] = [view, openJobId];
		if (closed === "list") listScrollY = scrollY;
		if (closed !== next || closedId !== id) /** @type {HTMLDialogElement|null} */ (document.querySelector("dialog[open]"))?.close();
		[view, openJobId] = [next, id];
		document.documentElement.dataset.view = view;
		document.dispatchEvent(new Event("viewchange"));
		setVisible(listView, view === "list");
		setVisible(modelsView, view === "models");
		setVisible(editorView, view === "editor");
		if (id) {
			const search = new URLSearchParams(params);
			const from = search.get("t");
			editor?.open(id, from === null ? undefined : Number(from), search.get("q") ?? "");
			return;
		}
		if (closedId) editor?.close();
		if (view === "models") {
			scrollTo(0, 0);
			query(modelsView, "h1").focus({ preventScroll: true });
		} else if (closed !== "list") {
			scrollTo(0, listScrollY);
			const link = listView.querySelector(closedId ? `[data-job="${closedId}"] .name` : "a[href='#/models']");
			if (link instanceof HTMLElement) link.focus({ preventScroll: true });
		}
	}

	addEventListener("hashchange", navigate);
	store.subscribe((state, before) => {
		if (state.connection === "online" && before.connection !== "online") void navigate();
		const isRemoved = state.removing.includes(openJobId) || (before.entries[openJobId] && !state.entries[openJobId]);
		if (openJobId && isRemoved) openList();
	});
}
