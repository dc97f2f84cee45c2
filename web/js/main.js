/** Puts the parts together; nothing else. */

import { actionsOn } from "./actions.js";
import { api } from "./api.js";
import { dropZone, sampleList } from "./components/drop-zone.js";
import { historyFilter, jobList } from "./components/job-list.js";
import { optionsForm } from "./components/options-form.js";
import { pageSettings } from "./components/page-settings.js";
import { connectionBanner, liveStatus, queueLine, toastIn } from "./components/status-lines.js";
import { uploadList } from "./components/upload-list.js";
import { language, localize } from "./i18n.js";
import { helpDialog, listen } from "./keys.js";
import { one } from "./lib/dom.js";
import { atDesk, keepPlace } from "./places.js";
import { queueSocket } from "./socket.js";
import { receiver, Store } from "./store.js";
import { signTab } from "./tab-signs.js";
import { uploadsTo } from "./uploads.js";

const FIRST_VIEW_MS = 500;

const store = new Store();
const core = {
	api,
	store,
	uploads: uploadsTo(store),
	toast: toastIn(one(document, "toast-line")),
	options: () => /** @type {SubmitOptions} */ ({}),
	deeds: {},
};
/** @type {Page} */
const page = { ...core, actions: actionsOn(core) };
const socket = queueSocket(
	language,
	receiver(page),
	(connection) => store.dispatch({ type: "connection/changed", data: connection }),
);

for (const [name, make] of Object.entries({
	"connection-banner": connectionBanner,
	"options-form": optionsForm,
	"drop-zone": dropZone,
	"help-dialog": helpDialog,
	"history-filter": historyFilter,
	"job-list": jobList,
	"live-status": liveStatus,
	"page-settings": pageSettings,
	"queue-line": queueLine,
	"sample-list": sampleList,
	"upload-list": uploadList,
})) {
	part(name, make);
}
keepPlace(page, bringDesk);
signTab(page);
listen((deed) => page.deeds[`${atDesk() ? "desk" : "home"} ${deed}`] ?? page.deeds[deed]);
// What a button of the page's HTML does, it names itself.
document.addEventListener("click", ({ target }) => {
	if (target instanceof Element) page.deeds[target.closest("[data-deed]")?.getAttribute("data-deed") ?? ""]?.();
});
localize(document.documentElement);
void page.actions.loadCatalogue(); // beside the socket, not after it
socket.open();

addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => document.hidden || socket.hurry());
document.addEventListener("language", () => socket.open()); // the server's messages in the new language
// What the first view doesn't need is not in its way.
addEventListener("load", () => setTimeout(later, FIRST_VIEW_MS));

function later() {
	void bringDesk();
	navigator.serviceWorker?.register("sw.js").catch(() => undefined); // no secure context: a page like any other
}

/** The desk's modules, once. @returns {Promise<boolean>} whether they are there */
async function bringDesk() {
	const modules = await import("./desk/reading-desk.js").catch(() => undefined); // nobody answers
	if (modules && !customElements.get("reading-desk")) part("reading-desk", modules.readingDesk);
	return modules !== undefined;
}

/** A custom element as a function: it puts its elements into place and gives what draws a state. @param {string} name @param {Part} make */
function part(name, make) {
	class Element extends HTMLElement {
		connectedCallback() {
			const render = make(this, page);
			if (!render) return;
			store.subscribe(render);
			document.addEventListener("language", () => render(store.state, null));
			render(store.state, null);
		}
	}
	customElements.define(name, Element);
}
