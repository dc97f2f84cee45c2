/**
 * Which view is open: the list, one transcript in the editor, or one of the other pages. It is in the address, so reload
 * and back work. The document gets a "viewchange" event.
 */

import { canOpen } from "./job-reducer.js";
import { query, setVisible } from "./lib/dom.js";

const EDITOR_HASH = /^#\/job\/([0-9a-f-]{36})(?:\?(.*))?$/;

/** The job that is open in the editor; "": the list is open. */
let openJobId = "";

/** By the name in the address, as in #/models: its element. @type {Record<string, string>} */
const PAGES = { models: "models-view" };

let openPage = "";

/** "list", "editor" or the name of a page. */
export function currentView() {
	return openJobId ? "editor" : openPage || "list";
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
	const editorView = query(document, "transcript-editor");
	/** @type {Editor|undefined} */
	let editor;
	let listScrollY = 0;

	async function navigate() {
		const { hash } = location;
		const page = hash.slice(2) in PAGES ? hash.slice(2) : "";
		const [, wantedId = "", params] = EDITOR_HASH.exec(hash) ?? [];
		if (wantedId && !store.state.entries[wantedId]) await actions.fetchJob(wantedId);
		const job = store.state.entries[wantedId]?.job;
		const id = job && canOpen(job) ? wantedId : "";
		if (id || page) editor = await loadEditor();
		if ((id || page) && !editor) return; // the next connection tries again
		if (location.hash !== hash) return; // another navigation has started
		const [closedId, closedPage] = [openJobId, openPage];
		if (currentView() === "list") listScrollY = scrollY;
		if (closedId !== id || closedPage !== page) /** @type {HTMLDialogElement|null} */ (document.querySelector("dialog[open]"))?.close();
		openJobId = id;
		openPage = id ? "" : page;
		document.documentElement.dataset.view = currentView();
		document.dispatchEvent(new Event("viewchange"));
		setVisible(listView, !id && !page);
		for (const [name, tag] of Object.entries(PAGES)) setVisible(query(document, tag), name === openPage);
		setVisible(editorView, id !== "");
		if (id) {
			const search = new URLSearchParams(params);
			const from = search.get("t");
			editor?.open(id, from === null ? undefined : Number(from), search.get("q") ?? "");
			return;
		}
		if (closedId) editor?.close();
		if (page) {
			scrollTo(0, 0);
			query(document, `${PAGES[page]} h1`).focus({ preventScroll: true });
		} else if (closedId || closedPage) {
			scrollTo(0, listScrollY);
			const link = listView.querySelector(closedId ? `[data-job="${closedId}"] .name` : `a[href="#/${closedPage}"]`);
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
