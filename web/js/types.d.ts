/** The shapes that travel between server, reducer and components, known everywhere in the page. Times are seconds. */

type JobStatus = "pending"|"queued"|"processing"|"completed"|"failed"|"cancelled";

interface Segment {
  id: number;
  start: number; // seconds
  end: number; // seconds
  text: string;
  words?: readonly {word: string, start: number, end: number, probability: number|null}[];
}

interface JobResult {
  text: string;
  language: string;
  segments?: Segment[];
  processing_time: number; // seconds
}

interface Job {
  job_id: string;
  status: JobStatus;
  progress: number; // percent of the audio
  message: string;
  created_at: string; // ISO 8601
  started_at?: string|null;
  completed_at?: string|null;
  estimated_time_remaining?: number|null; // seconds
  filename: string;
  model: string;
  language?: string|null;
  options?: {return_timestamps?: boolean, task?: string};
  audio_duration?: number|null; // seconds
  queue_position?: number|null;
  error?: {code: string, message: string}|null;
  segments?: Segment[]; // so far
  result?: JobResult|null;
  transcript_version?: number; // how often a person corrected the result
  excerpt?: string[]; // hits of a search in context: plain, hit, plain, …
}

/** what a search or filter gave */
interface SearchResults {
  order: readonly string[]; // job ids, newest first
  excerpts: Readonly<Record<string, string[]>>;
  cursor: string|null;
}

type Filter = {q: string, status: string};

interface QueueInfo {
  queue_size: number;
  active_jobs: number;
  total_jobs: number;
  max_concurrent_jobs: number;
  is_running: boolean;
}

interface Model {
  name: string;
  size_bytes: number|null; // null where nobody knows before it is here
  available: boolean;
  bundled: boolean;
  multilingual: boolean;
  translates: boolean;
  real_time_factor: number; // seconds of work for a second of audio
  speed_is_measured: boolean; // on this machine
  description?: string|null;
  download?: {received_bytes: number, total_bytes: number|null}|null;
  error?: {code: string, message: string}|null; // why the last download ended without the model
}

type SpokenLanguage = {code: string, name: string};

interface ModelList {
  default: string;
  models: Model[];
  languages: SpokenLanguage[];
  formats: string[]; // in which a transcript is saved
}

interface Sample {
  id: string;
  language: string;
  title: string;
  text: string;
  duration: number; // seconds
  url: string;
}

/** the form fields of a submission: values by the names of the server's options */
type SubmitOptions = {model?: string} & Record<string, unknown>;

/** a row of the server's option table */
interface Option {
  name: string;
  type: "model"|"language"|"choice"|"boolean"|"text"|"integer"|"number";
  label: string;
  hint: string|null;
  default: unknown;
  page: boolean; // whether this page shows it
  needs: string|null; // the option without which it has no effect
  needs_model: "multilingual"|"translates"|null; // what the model must be able to do
  choices?: {value: string, label: string}[];
  minimum?: number;
  maximum?: number;
  max_length?: number;
}

/** an input, a select or a textarea; only a check box is ever checked */
type OptionControl = HTMLElement & {value: string, disabled: boolean, checked?: boolean};
type OptionField = {option: Option, element: HTMLElement, control: OptionControl};

interface Upload {
  id: string;
  filename: string;
  phase: "waiting"|"sending"|"checking"|"failed";
  sent_bytes: number;
  total_bytes: number;
  error: string|null;
  model: string;
  duration: number|null; // seconds of sound, once known
}

/** one job as the page knows it */
interface JobEntry {
  job: Job;
  segments: readonly Segment[]; // by id
  fresh: readonly Segment[]; // those that the socket brought since the last snapshot
  result: JobResult|null;
  version: number; // of the result: how often a person corrected it
  loading: boolean; // its details are being fetched
  watched: boolean; // it was seen at work
  problem: string|null; // why the last click on it had no effect
}

/** the functions of api.js: each answers what the server does, or throws an ApiError in the page's language */
interface Api {
  login(token: string): Promise<unknown>;
  models(): Promise<ModelList>;
  downloadModel(name: string): Promise<unknown>;
  stopDownload(name: string): Promise<unknown>;
  removeModel(name: string): Promise<unknown>;
  options(): Promise<Option[]>;
  samples(): Promise<Sample[]>;
  sampleFile(sample: Sample): Promise<File>;
  jobs(limit: number, cursor?: string|null, filter?: Filter): Promise<{jobs: Job[], next_cursor: string|null}>;
  job(id: string): Promise<Job>;
  cancel(id: string): Promise<unknown>;
  remove(id: string): Promise<unknown>; // goes through also while the page is being closed
  retry(id: string, options?: SubmitOptions): Promise<unknown>; // options: others than its own
  correct(id: string, change: Correction): Promise<{version: number, segments: Segment[]}>;
  restore(id: string, version: number): Promise<JobResult & {version: number}>;
  waveform(id: string): Promise<{duration: number, peaks: number[]}>; // peaks: 0 to 255
  submit(file: File, options: SubmitOptions, signal: AbortSignal, onSent: (bytes: number) => void): Promise<{job_id: string}>;
  importModel: Send<Model>;
}

/** Sends a file, telling how many bytes of it have gone. */
type Send<T = unknown> = (file: File, signal: AbortSignal, onSent: (bytes: number) => void) => Promise<T>;

/** `remove` lines give way to these at line `at` of the transcript's version `version` */
interface Correction {
  version: number;
  at: number;
  remove: number;
  segments: {start: number, end: number, text: string}[];
}

/** what a person can do: each asks the server, and the socket tells the outcome */
interface Actions {
  loadCatalogue(): Promise<unknown>; // models, languages, options and samples: what doesn't come over the socket
  fetchJob(id: string): Promise<unknown>; // one that no page of the list has shown yet; nothing where it doesn't exist
  loadJob(id: string): Promise<unknown>;
  filter(change: Partial<Filter>): Promise<unknown>;
  search(cursor?: string|null): Promise<unknown>; // asks again for what is looked for, or for the next page of it
  loadOlder(): Promise<unknown>;
  cancel(id: string): void;
  retry(id: string, options?: SubmitOptions): void;
  remove(id: string): void; // out of sight at once, gone a little later: till then it can be undone
  submit(files: Iterable<File>, options: SubmitOptions): void;
  trySample(sample: Sample): void;
  downloadModel(model: Model): void;
  stopDownload(model: Model): void;
  removeModel(model: Model): void;
  importModel(file: File, onDone: (model: Model) => void): void; // a checkpoint of a person's own
}

/** files on their way; total_bytes: 0 where it is not known yet; model: what it is to be transcribed with; cancel: stops one if it runs, and forgets it */
interface Uploads {
  add(filename: string, total_bytes: number, open: () => Promise<File>, send: Send, model?: string): void;
  retry(id: string): void;
  cancel(id: string): void;
}

/** one short line at the bottom, with one thing to do about it; onGone: it was let go by */
interface Toast {
  show(text: string, action: TextKey, onAction: () => void, onGone?: () => void): void;
  hide(): void;
}

/** what every part of the page works with */
interface App {
  store: Store;
  api: Api;
  actions: Actions;
  uploads: Uploads;
  toast: Toast;
  selectedOptions: () => SubmitOptions; // chosen now
  commands: Record<string, (...given: any[]) => unknown>; // what keys.js and places.js run; "home" and "desk" say where
}

/** Puts a part's elements into place; what it gives draws them. */
type Component = (element: HTMLElement, page: App) => Render|void;

interface HTMLElementTagNameMap {
  "job-card": HTMLElement;
  "model-details": HTMLElement;
  "recorder-panel": HTMLElement;
  "transcript-text": HTMLElement;
  "upload-card": HTMLElement;
}

/** Draws what differs from `before`; null: everything anew, as in another language. */
type Render = (state: State, before: State|null) => unknown;

/** what is at the desk */
interface OpenTranscript {
  id: string;
  editing: ReturnType<typeof import("./editor/edit-session.js").createEditSession>;
  player: ReturnType<typeof import("./editor/player.js").createPlayer>;
  lines: ReturnType<typeof import("./editor/transcript-lines.js").transcriptLines>;
}

interface LinesHost {
  play(seconds: number): void;
  time(): number;
  change(lines: Lines, key?: string): void;
}

type SaveState = "saved"|"unsaved"|"saving"|"failed"|"conflict";
type UploadTask = {upload: Upload, open: () => Promise<File>, send: Send, stop: AbortController};
type Message = {type: string, job_id?: string|null, data?: any};
type Handler<Data> = (state: State, data: Data, jobId: string) => State;

/** By the kind of message. */
interface Handlers {
  [kind: string]: Handler<any>|undefined;
  job?: Handler<Job>;
  snapshot?: Handler<{jobs: Job[], queue: QueueInfo}>;
  segment?: Handler<Segment>;
  "jobs/page"?: Handler<{jobs: Job[], next_cursor: string|null}>;
  "job/detail"?: Handler<Job>;
  "job/corrected"?: Handler<{version: number, segments: Segment[]}>;
  "filter/results"?: Handler<{filter: Filter, jobs: Job[], next_cursor: string|null, more: boolean}>;
}

interface State {
  connection: "connecting"|"online"|"reconnecting";
  entries: Readonly<Record<string, JobEntry>>;
  order: readonly string[]; // job ids, newest first
  cursor: string|null|undefined; // of the next older page; null: none, undefined: not asked
  more: boolean; // there may be jobs older than those listed
  queue: QueueInfo|null;
  models: readonly Model[];
  languages: readonly SpokenLanguage[];
  defaultModel: string;
  options: readonly Option[]; // of a job, with their texts
  formats: readonly string[];
  samples: readonly Sample[];
  uploads: readonly Upload[];
  filter: Filter;
  found: SearchResults|null; // null: all jobs are shown
  leaving: readonly string[]; // ids of jobs about to be removed
}

interface ServerMessage {
  type: string;
  job_id: string|null;
  data: any;
  timestamp: string;
}

type TextKey = import("./i18n.js").TextKey;
type Store = import("./store.js").Store;
type IconName = "upload"|"download"|"close"|"retry"|"trash"|"copy"|"check"|"play"|"pause"|"chevron"|"up"|"left"|"back"|"ahead"|"pen"|"unsure"|"undo"|"redo"|"start"|"end"|"split"|"merge"|"mic"|"stop"; // symbols of index.html
type Lines = readonly Segment[];
type Timer = ReturnType<typeof setTimeout>|undefined;
