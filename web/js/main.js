/** Puts the parts together; nothing else. */

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { ConnectionBanner } from "./components/connection-banner.js";
import { DropZone } from "./components/drop-zone.js";
import { JobCard } from "./components/job-card.js";
import { JobList } from "./components/job-list.js";
import { LiveStatus } from "./components/live-status.js";
import { ModelNote } from "./components/model-note.js";
import { OptionsForm } from "./components/options-form.js";
import { PageSettings } from "./components/page-settings.js";
import { QueueLine } from "./components/queue-line.js";
import { SampleList } from "./components/sample-list.js";
import { TranscriptText } from "./components/transcript-text.js";
import { UploadCard } from "./components/upload-card.js";
import { UploadList } from "./components/upload-list.js";
import { language, localize } from "./i18n.js";
import { QueueSocket } from "./socket.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { UploadQueue } from "./uploads.js";

for (const [name, component] of Object.entries({
  "connection-banner": ConnectionBanner,
  "drop-zone": DropZone,
  "job-card": JobCard,
  "job-list": JobList,
  "live-status": LiveStatus,
  "model-note": ModelNote,
  "options-form": OptionsForm,
  "page-settings": PageSettings,
  "queue-line": QueueLine,
  "sample-list": SampleList,
  "transcript-text": TranscriptText,
  "upload-card": UploadCard,
  "upload-list": UploadList,
})) {
  customElements.define(name, component);
}

const store = new Store();
const api = new Api(language);
const actions = new Actions(api, store, new UploadQueue(api, store));
const sync = new Sync(store, actions);
const socket = new QueueSocket({
  language,
  onMessage: (message) => sync.receive(message),
  onConnection: (connection) => sync.connection(connection),
});

const options = part("options-form", OptionsForm);
const uploads = part("upload-list", UploadList);
const jobs = part("job-list", JobList);
const samples = part("sample-list", SampleList);
const queue = part("queue-line", QueueLine);

part("connection-banner", ConnectionBanner).connect(store);
part("live-status", LiveStatus).connect(store);
part("drop-zone", DropZone).connect((files) => actions.submit(files, options.value));
options.connect(store, actions);
samples.connect(store, actions);
uploads.connect(store, actions);
jobs.connect(store, actions);
queue.connect(store);
part("page-settings", PageSettings).connect(() => {
  for (const each of [options, samples, uploads, jobs, queue]) each.localized();
  socket.open(); // the server's messages in the new language
});

addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => document.hidden || socket.hurry());
localize(document.documentElement);
socket.open();
addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.hurry());

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
