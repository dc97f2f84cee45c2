/** Puts the parts together; nothing else. */

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { ConnectionBanner } from "./components/connection-banner.js";
import { DropZone } from "./components/drop-zone.js";
import { HelpDialog } from "./components/help-dialog.js";
import { HistoryFilter } from "./components/history-filter.js";
import { JobCard } from "./components/job-card.js";
import { JobList } from "./components/job-list.js";
import { LiveStatus } from "./components/live-status.js";
import { ModelNote } from "./components/model-note.js";
import { OptionsForm } from "./components/options-form.js";
import { PageSettings } from "./components/page-settings.js";
import { QueueLine } from "./components/queue-line.js";
import { RecorderPanel } from "./components/recorder-panel.js";
import { SampleList } from "./components/sample-list.js";
import { ToastLine } from "./components/toast-line.js";
import { TranscriptText } from "./components/transcript-text.js";
import { UploadCard } from "./components/upload-card.js";
import { UploadList } from "./components/upload-list.js";
import { ReadingDesk } from "./desk/reading-desk.js";
import { language, localize } from "./i18n.js";
import { listen } from "./keys.js";
import { Places } from "./places.js";
import { QueueSocket } from "./socket.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { TabSigns } from "./tab-signs.js";
import { UploadQueue } from "./uploads.js";

for (const [name, component] of Object.entries({
  "recorder-panel": RecorderPanel, // before the drop zone, which makes one
  "connection-banner": ConnectionBanner,
  "drop-zone": DropZone,
  "help-dialog": HelpDialog,
  "history-filter": HistoryFilter,
  "job-card": JobCard,
  "job-list": JobList,
  "live-status": LiveStatus,
  "model-note": ModelNote,
  "options-form": OptionsForm,
  "page-settings": PageSettings,
  "queue-line": QueueLine,
  "reading-desk": ReadingDesk,
  "sample-list": SampleList,
  "toast-line": ToastLine,
  "transcript-text": TranscriptText,
  "upload-card": UploadCard,
  "upload-list": UploadList,
})) {
  customElements.define(name, component);
}

const store = new Store();
const api = new Api(language);
const toast = part("toast-line", ToastLine);
const actions = new Actions(api, store, new UploadQueue(api, store), toast);
const sync = new Sync(store, actions);
const socket = new QueueSocket({
  language,
  onMessage: (message) => sync.receive(message),
  onConnection: (connection) => sync.connection(connection),
});

const drop = part("drop-zone", DropZone);
const options = part("options-form", OptionsForm);
const uploads = part("upload-list", UploadList);
const jobs = part("job-list", JobList);
const samples = part("sample-list", SampleList);
const queue = part("queue-line", QueueLine);
const filter = part("history-filter", HistoryFilter);
const desk = part("reading-desk", ReadingDesk);
const help = part("help-dialog", HelpDialog);
const places = new Places(store, actions, desk);

part("connection-banner", ConnectionBanner).connect(store);
part("live-status", LiveStatus).connect(store);
drop.connect((files) => {
  places.home();
  actions.submit(files, options.value);
});
options.connect(store, actions);
samples.connect(store, actions);
uploads.connect(store, actions);
jobs.connect(store, actions, () => options.value);
queue.connect(store);
filter.connect(actions);
desk.connect(store, actions);
help.connect();
new TabSigns(store, toast);
part("page-settings", PageSettings).connect(() => {
  for (const each of [drop, options, samples, uploads, jobs, queue, desk]) each.localized();
  socket.open(); // the server's messages in the new language
}, () => help.toggle());

/** @type {Record<string, () => void>} */
const anywhere = { help: () => help.toggle() };
/** @type {Record<string, () => void>} */
const atHome = { search: () => filter.search(), choose: () => drop.choose(), record: () => drop.record() };
/** @type {Record<string, () => void>} */
const atDesk = {
  search: () => desk.find(),
  play: () => desk.player?.toggle(),
  back: () => desk.player?.skip(-5),
  ahead: () => desk.player?.skip(5),
  slower: () => desk.player?.faster(-1),
  faster: () => desk.player?.faster(1),
  correct: () => desk.correct(),
  undo: () => desk.history(-1),
  redo: () => desk.history(1),
  leave: () => desk.leave() || places.home(),
};
listen((deed) => anywhere[deed] ?? (places.atDesk ? atDesk : atHome)[deed]);

addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => document.hidden || socket.hurry());
localize(document.documentElement);
socket.open();
navigator.serviceWorker?.register("sw.js").catch(() => undefined); // no secure context: a page like any other

/**
 * @template {HTMLElement} T
 * @param {string} name @param {new (...given: never[]) => T} component
 * @returns {T}
 */
function part(name, component) {
  const element = document.querySelector(name);
  if (!(element instanceof component)) throw new Error(`<${name}> is missing`);
  return element;
}
