/** Puts the parts together; nothing else. */

import { createActions } from "./actions.js";
import { api } from "./api.js";
import { dropZone, sampleList } from "./components/drop-zone.js";
import { historyFilter, jobList } from "./components/job-list.js";
import { optionsForm } from "./components/options-form.js";
import { pageSettings } from "./components/page-settings.js";
import { connectionBanner, liveRegion, queueStatus, createToast } from "./components/status.js";
import { uploadList } from "./components/upload-list.js";
import { language, localize } from "./i18n.js";
import { helpDialog, listen } from "./shortcuts.js";
import { query } from "./lib/dom.js";
import { isEditorOpen, startRouter } from "./router.js";
import { createQueueSocket } from "./socket.js";
import { messageHandler, Store } from "./store.js";
import { startTabStatus } from "./tab-status.js";
import { createUploadQueue } from "./upload-queue.js";

const FIRST_VIEW_MS = 500;

const store = new Store();
const core = {
	api,
	store,
	uploads: createUploadQueue(store),
	toast: createToast(query(document, "toast-message")),
	selectedOptions: () => ({}),
	commands: {},
};
/** @type {App} */
const app = { ...core, actions: createActions(core) };
const socket = createQueueSocket(
	language,
	messageHandler(app),
	(connection) => store.dispatch({ type: "connection/changed", data: connection }),
);

for (const [name, make] of Object.entries({
	"connection-banner": connectionBanner,
	"options-form": optionsForm,
	"drop-zone": dropZone,
	"help-dialog": helpDialog,
	"history-filter": historyFilter,
	"job-list": jobList,
	"live-region": liveRegion,
	"page-settings": pageSettings,
	"queue-status": queueStatus,
	"sample-list": sampleList,
	"upload-list": uploadList,
})) {
	part(name, make);
}
startRouter(app, loadEditor);
startTabStatus(app);
listen((deed) => app.commands[`${isEditorOpen() ? "desk" : "home"} ${deed}`] ?? app.commands[deed]);
// What a button of the page's HTML does, it names itself.
document.addEventListener("click", ({ target }) => {
	if (target instanceof Element) app.commands[target.closest("[data-command]")?.getAttribute("data-command") ?? ""]?.();
});
localize(document.documentElement);
void app.actions.loadCatalogue(); // beside the socket, not after it
socket.open();

addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => document.hidden || socket.hurry());
document.addEventListener("language", () => socket.open()); // the server's messages in the new language
// What the first view doesn't need is not in its way.
addEventListener("load", () => setTimeout(later, FIRST_VIEW_MS));

function later() {
	void loadEditor();
	navigator.serviceWorker?.register("sw.js").catch(() => undefined); // no secure context: a page like any other
}

/** The desk's modules, once. @returns {Promise<boolean>} whether they are there */
async function loadEditor() {
	const modules = await import("./editor/transcript-editor.js").catch(() => undefined); // nobody answers
	if (modules && !customElements.get("transcript-editor")) part("transcript-editor", modules.transcriptEditor);
	return modules !== undefined;
}

/** A custom element as a function: it puts its elements into place and gives what draws a state. @param {string} name @param {Component} make */
function part(name, make) {
	class Element extends HTMLElement {
		connectedCallback() {
			const render = make(this, app);
			if (!render) return;
			store.subscribe(render);
			document.addEventListener("language", () => render(store.state, null));
			render(store.state, null);
		}
	}
	customElements.define(name, Element);
}
