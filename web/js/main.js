/** Builds the page from its parts. */

import { createActions } from "./actions.js";
import { api, errorText } from "./api.js";
import { Commands } from "./commands.js";
import { bulkBar } from "./components/bulk-bar.js";
import { dropZone } from "./components/drop-zone.js";
import { helpDialog } from "./components/help-dialog.js";
import { historyFilter } from "./components/history-filter.js";
import { modelChoice } from "./components/model-choice.js";
import { jobList } from "./components/job-list.js";
import { optionsForm } from "./components/options-form.js";
import { pageSettings } from "./components/page-settings.js";
import { sampleList } from "./components/sample-list.js";
import { connectionBanner, liveRegion, queueStatus } from "./components/status.js";
import { createToast } from "./components/toast.js";
import { uploadList } from "./components/upload-list.js";
import { language, localize, t } from "./i18n.js";
import { copyText } from "./lib/clipboard.js";
import { query } from "./lib/dom.js";
import { connectMenus } from "./lib/menu.js";
import { currentView, startRouter } from "./router.js";
import { messageHandler } from "./server-messages.js";
import { connectShortcuts } from "./shortcuts.js";
import { createQueueSocket } from "./socket.js";
import { Store } from "./store.js";
import { showTabStatus } from "./tab-status.js";
import { createUploadQueue } from "./upload-queue.js";

const DEFERRED_MS = 500;
/** The page is shown without its list if that takes longer. */
const REVEAL_MS = 400;

/** That the style sheets are loaded which the first view doesn't need. @type {Promise<unknown>|undefined} */
let styles;
const store = new Store();
const commands = new Commands();
const toast = createToast(query(document, "toast-message"));
const services = {
	api,
	store,
	commands,
	uploads: createUploadQueue(store),
	toast,
	copy,
	tryOrTell: (/** @type {() => Promise<unknown>} */ request) => request().catch((error) => toast.show(errorText(error))),
	selectedOptions: () => ({}), // this and the next two are replaced by the options form
	chooseModel: () => {},
	useTermList: () => {},
	openExport: (/** @type {ExportSource} */ source) => void withDialogs(() => app.openExport(source)), // this and the next five are replaced by the dialogs
	describe: (/** @type {readonly string[]} */ ids) => void withDialogs(() => app.describe(ids)),
	watchFolders: () => void withDialogs(() => app.watchFolders()),
	knownVoices: () => void withDialogs(() => app.knownVoices()),
	replaceTerms: (/** @type {string} */ terms) => void withDialogs(() => app.replaceTerms(terms)),
	replaceEverywhere: (/** @type {string} */ text, /** @type {string} */ replacement) => void withDialogs(() => app.replaceEverywhere(text, replacement)),
};
/** @type {App} */
const app = { ...services, actions: createActions(services) };
const socket = createQueueSocket(
	language,
	messageHandler(app),
	(connection) => store.dispatch({ type: "connection/changed", data: connection }),
);

connectComponents({
	"bulk-bar": bulkBar,
	"connection-banner": connectionBanner,
	"options-form": optionsForm,
	"model-choice": modelChoice,
	"drop-zone": dropZone,
	"help-dialog": helpDialog,
	"history-filter": historyFilter,
	"job-list": jobList,
	"live-region": liveRegion,
	"page-settings": pageSettings,
	"queue-status": queueStatus,
	"sample-list": sampleList,
	"upload-list": uploadList,
});
startRouter(app, loadEditor);
showTabStatus(app);
connectMenus();
connectShortcuts((command) => commands.find(command, currentView()));
commands.register({ "watch-folders": () => app.watchFolders(), "known-voices": () => app.knownVoices() });
for (const name of ["list:record", "term-lists"]) {
	commands.register({ [name]: () => void withDialogs(() => commands.find(name, "")?.()) }); // until they are loaded
}
commands.connectButtons();
localize(document.documentElement);
void app.actions.loadCatalogue(); // in parallel with the socket's handshake
socket.open();
store.subscribe(({ connection, entries }) => {
	const isComplete = Object.values(entries).every(({ job, preview }) => job.status !== "completed" || preview !== null);
	if (connection !== "connecting" && isComplete) reveal();
});
setTimeout(reveal, REVEAL_MS);

addEventListener("online", socket.reconnect);
document.addEventListener("visibilitychange", () => document.hidden || socket.reconnect());
document.addEventListener("languagechange", socket.open); // for the server's messages in the new language
addEventListener("load", () => setTimeout(loadDeferred, DEFERRED_MS));

/** By the tags of their elements: what each returns renders the state. @param {Record<string, Component>} components */
function connectComponents(components) {
	for (const [name, connect] of Object.entries(components)) {
		const render = connect(query(document, name), app);
		if (!render) continue;
		store.subscribe(render);
		document.addEventListener("languagechange", () => render(store.state, null));
		render(store.state, null);
	}
}

/** @param {string} text @param {TextKey} [told] what is said then */
async function copy(text, told = "job.copied") {
	if (text.trim() && (await copyText(text.trim()))) toast.show(t(told));
}

function reveal() {
	document.documentElement.dataset.ready = "true";
}

/** What the first view doesn't need. */
function loadDeferred() {
	void loadEditor();
	void import("./pending-scripts.js").then(({ alignPendingScripts }) => alignPendingScripts(app), () => undefined);
	navigator.serviceWorker?.register("sw.js").catch(() => undefined); // there is none without a secure context
}

/** Where somebody asks for a dialog before it is loaded. @param {() => void} open */
async function withDialogs(open) {
	if (await loadEditor()) open();
}

/** @returns {Promise<Editor|undefined>} undefined where the server is unreachable */
async function loadEditor() {
	styles ??= loadStyles();
	const [modules] = await Promise.all([import("./deferred.js"), styles]).catch(() => []);
	if (!modules) styles = undefined;
	if (modules && !app.editor) connectComponents(modules.DEFERRED_COMPONENTS);
	return app.editor;
}

/** Those that the first view doesn't need. */
function loadStyles() {
	const links = /** @type {HTMLLinkElement[]} */ ([...document.querySelectorAll("link[disabled]")]);
	return Promise.all(links.map((link) => new Promise((resolve, reject) => {
		link.onload = resolve;
		link.onerror = () => reject(link.setAttribute("disabled", "")); // for the next attempt
		link.removeAttribute("disabled");
	})));
}
