/** Types of the whole page: the server's data, messages, state, and what components work with. Times are in seconds. */

// The server's data, by its names in the API

type JobStatus = "pending"|"queued"|"processing"|"completed"|"failed"|"cancelled";

interface Segment {
  id: number;
  start: number; // seconds
  end: number; // seconds
  text: string;
  channel?: string; // left, right, channel 3 …; with channels=split
  speaker?: string|undefined; // id of one of the result's speakers
  words?: readonly {word: string, start: number, end: number, probability: number|null}[];
}

interface Result {
  text: string;
  language: string;
  segments?: Segment[];
  processing_time: number; // seconds
  speakers?: readonly Speaker[];
}

interface JobSpeaker {
  id: string; // S1, S2 …
  name: string; // "": none was given
}

interface Speaker extends JobSpeaker {
  seconds: number; // how long this one talks
  sample?: {start: number, end: number}|null; // where to listen to the voice, in seconds
}

/** By id; empty where nobody is to be named. */
type SpeakerLabels = Record<string, {name: string, colour: string}>;

interface SpeakersState {
  version: number;
  speakers: Speaker[];
  segments: (string|null)[]; // the speaker of each
  search: {status: "running"|"failed", message: string}|null;
  split?: object; // undoes the merge that this answers
}

/** A voice that is kept. */
interface KnownVoice {
  id: string;
  name: string;
}

interface NamedSpeaker {
  job_id: string;
  speaker: string; // id
  name: string;
}

/** A marked part of a transcript, and what a person wrote about it. */
interface Note {
  start: number; // seconds
  end: number; // seconds
  quote: string;
  text: string; // "": it is only marked
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
  model_reason?: {code: string, message: string};
  language?: string|null;
  channel_languages?: readonly {channel: string, language: string}[]; // of a completed job, if they differ
  options?: {return_timestamps?: boolean, task?: string, beam_size?: number|null} & Record<string, unknown>;
  audio_duration?: number|null; // seconds
  tags: readonly string[];
  notes: readonly Note[];
  audio_tracks?: readonly {number: number, language: string|null}[]; // if there are several
  audio_track_used?: number|null; // of several, once it is known
  warnings?: readonly {code: string, message: string}[]; // about the audio of a completed job
  again_of?: string|null; // the job whose recording this one transcribes again
  queue_position?: number|null;
  workers?: readonly string[]; // of a cluster, that are at it
  error?: {code: string, message: string}|null;
  segments?: Segment[]; // so far
  result?: Result|null;
  transcript_version?: number; // of the result; counts corrections
  preview?: string; // the beginning of its text
  speakers?: readonly JobSpeaker[]; // with the preview, or of a job that is completed now
  excerpt?: string[]; // of a search: text and matches in turn, text first
}

type JobPage = {jobs: Job[], next_cursor: string|null};

interface QueueInfo {
  queue_size: number;
  active_jobs: number;
  total_jobs: number;
  max_concurrent_jobs: number;
  is_running: boolean;
}

interface Model {
  name: string;
  size_bytes: number|null; // null: unknown before the download
  available: boolean;
  bundled: boolean;
  multilingual: boolean;
  translates: boolean;
  aliases: readonly string[];
  purpose: "quick"|"balanced"|"best"|null;
  recommended: boolean; // one is
  rank: number; // higher is more accurate
  sources: readonly {name: string, label: string, size_bytes: number|null}[]; // in the order in which they are tried
  real_time_factor: number; // seconds of work for a second of audio
  speed_is_measured: boolean; // on this machine; otherwise estimated
  description?: string|null;
  origin?: {format: string, is_exact: boolean, source: string|null, sha256: string|null}|null; // of a converted model
  download?: {received_bytes: number, total_bytes: number|null, source: string|null}|null;
  error?: {code: string, message: string}|null; // why the last download failed
}

/** A model that another program keeps on this machine. */
type FoundModel = {name: string, label: string, path: string, size_bytes: number};

type SpokenLanguage = {code: string, name: string};

interface Models {
  default: string;
  models: Model[];
  found: FoundModel[];
  languages: SpokenLanguage[];
  formats: string[]; // for export
}

interface Sample {
  id: string;
  language: string;
  title: string;
  text: string;
  duration: number; // seconds
  url: string;
}

/** The form fields of a submission: values by the names of the server's options. */
type SubmitOptions = {model?: string} & Record<string, unknown>;

/** One option of the server. */
interface NewWatchedFolder {
  path: string;
  formats: string[];
  output: string|null; // null: beside each recording
  skip: string[]; // patterns
  existing: boolean; // also what is in it now
  options: SubmitOptions;
}

interface WatchedFolder extends Omit<NewWatchedFolder, "existing"> {
  id: string;
  problem: string|null;
}

interface TermList {
  name: string;
  terms: string; // one a line
}

interface Option {
  name: string;
  type: "model"|"language"|"choice"|"boolean"|"text"|"terms"|"integer"|"number";
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

/** The correction of a transcript's version: `insert` replaces `remove` lines at line `at`. */
interface Correction {
  at: number;
  remove: number;
  insert: Lines;
}

type Corrected = {version: number, segments: Segment[]};

/** A correction that the server made: `segments` replaced `remove` lines at line `at`; without `at`, all lines. */
type ServerCorrection = Corrected & {at?: number, remove?: number};

/** Where another text of the recording has other words. */
interface Difference {
  id: string; // stays the same when others are taken over
  segment: number; // index of the first line concerned
  start: number; // seconds
  end: number;
  text: string; // the words that the other text doesn't have
  other_text: string; // those that it has instead
  before: string; // the words around them
  after: string;
  is_spelling: boolean; // only capitals or punctuation differ
  places: readonly {segment: number, start: number, end: number}[]; // the characters that are replaced
}

/** The functions of api.js. They return the server's answer, or throw an ApiError in the page's language. */
interface Waveform {
  duration: number; // seconds
  peaks: readonly number[]; // 0 to 255
  speech: readonly (readonly [number, number])[]; // from, to: where somebody speaks
}

/** The subtitles that are outside the limits of their preset. */
interface SubtitleCheck {
  subtitles: number;
  outside: {
    number: number;
    start: number; // seconds
    end: number; // seconds
    text: string;
    columns_per_s: number;
    problems: ("too_fast"|"too_long"|"too_short"|"overlapping"|"gap_too_short"|"line_too_wide"|"too_many_lines")[];
  }[];
}

interface Api {
  login(token: string): Promise<unknown>;
  models(): Promise<Models>;
  downloadModel(name: string, source: string): Promise<unknown>; // source: "" for the first that can be reached
  stopDownload(name: string): Promise<unknown>;
  removeModel(name: string): Promise<unknown>;
  importModel(file: File, fields: {as_published?: boolean}, signal: AbortSignal, onSent: (bytes: number) => void): Promise<Model>;
  importFound(name: string): Promise<Model>;
  options(): Promise<Option[]>;
  watchedFolders(): Promise<WatchedFolder[]>;
  watchFolder(folder: NewWatchedFolder): Promise<WatchedFolder>;
  endWatching(id: string): Promise<unknown>;
  folders(path: string): Promise<{path: string, parent: string|null, folders: string[]}>; // path: "" for the user's own
  termLists(): Promise<{term_lists: TermList[], damaged_files: string[]}>;
  saveTermList(name: string, terms: string): Promise<TermList>;
  removeTermList(name: string): Promise<unknown>;
  samples(): Promise<Sample[]>;
  sampleFile(sample: Sample): Promise<File>;
  jobs(limit: number, cursor?: string|null, filter?: Filter): Promise<JobPage>;
  job(id: string): Promise<Job>;
  submit(file: File, options: SubmitOptions, signal: AbortSignal, onSent: (bytes: number) => void): Promise<{job_id: string}>;
  describe(id: string, changes: {filename?: string, tags?: readonly string[], notes?: readonly Note[], notes_before?: readonly Note[]}): Promise<Job>; // finishes even if the page is being closed
  cancel(id: string): Promise<unknown>;
  retry(id: string, options?: SubmitOptions, fromStart?: boolean): Promise<unknown>; // without options: with the job's own
  transcriptText(id: string): Promise<string>; // so far, if the job hasn't ended
  transcriptFile(url: string, signal?: AbortSignal): Promise<string>; // an export as text
  subtitleCheck(id: string, layout: URLSearchParams, signal: AbortSignal): Promise<SubtitleCheck>;
  remove(id: string): Promise<unknown>; // finishes even if the page is being closed
  correct(id: string, version: number, correction: Correction): Promise<Corrected>;
  restore(id: string, version: number): Promise<Corrected>;
  beginRecording(recording: {filename: string} & SubmitOptions): Promise<Job>;
  sendSamples(id: string, recorder: string, offset: number, samples: Uint8Array<ArrayBuffer>, keepalive?: boolean): Promise<{size_bytes: number}>; // mono, 16 kHz, 16 bit
  correctDraft(id: string, segment: {start: number, end: number, text: string}, text: string): Promise<unknown>;
  finishRecording(id: string): Promise<unknown>;
  previewTerms(id: string, version: number, terms: string): Promise<{segment: number, before: string, after: string}[]>;
  words(id: string): Promise<Corrected>; // found if the job has none
  transcribeAgain(id: string, options: SubmitOptions, isSecondOpinion?: boolean): Promise<Job>;
  differences(id: string, otherId: string): Promise<{version: number, differences: Difference[]}>; // with its own id: the machine's text
  takeOver(id: string, otherId: string, version: number, ids: readonly string[]): Promise<ServerCorrection>;
  speakers(id: string): Promise<SpeakersState>;
  findSpeakers(id: string): Promise<SpeakersState>;
  editSpeakers(id: string, change: {version: number} & object): Promise<SpeakersState>;
  suggestions(id: string): Promise<{speaker: string, name: string}[]>; // by known voices
  knownVoices(): Promise<KnownVoice[]>;
  keepVoice(id: string, speaker: string): Promise<KnownVoice>;
  forgetVoice(id: string): Promise<unknown>;
  forgetVoices(): Promise<unknown>;
  align(id: string, version: number, text: string): Promise<Corrected & {words: number, placed: number}>;
  waveform(id: string): Promise<Waveform>;
}

type SendFile<T = unknown> = (file: File, signal: AbortSignal, onSent: (bytes: number) => void) => Promise<T>;

// Uploads

interface Upload {
  id: string;
  filename: string;
  phase: "waiting"|"sending"|"checking"|"failed"|"interrupted"; // checking: sent, not yet accepted; interrupted: sent again when the server is back
  sentBytes: number;
  totalBytes: number; // 0 while unknown
  error: string|null;
  model: string; // "" where the file is a model itself
  duration: number|null; // of the audio; null while unknown
}

type UploadTask = {upload: Upload, open: () => Promise<File>, send: SendFile, controller: AbortController};

interface UploadQueue {
  add(filename: string, totalBytes: number, open: () => Promise<File>, send: SendFile, model?: string): void;
  retry(id: string): void;
  cancel(id: string): void; // stops the upload if it is running, and removes it from the list
}

// State and messages

/** A job as the page knows it. */
interface JobEntry {
  job: Job;
  segments: readonly Segment[]; // by id
  liveSegments: readonly Segment[]; // those received over the socket since the last snapshot
  result: Result|null;
  version: number; // of the result; counts corrections
  loading: boolean; // its details are being fetched
  preview: string|null; // the beginning of its text; null while unknown
  speakers: readonly JobSpeaker[]; // in its result
  actionError: string|null; // why the user's last action on it failed
  aligned: number|null; // percent of the text whose word times have been found; null: they aren't being searched
}

type Filter = {q: string, status: string, tag: string};

interface SearchResults {
  jobIds: readonly string[]; // newest first
  excerpts: Readonly<Record<string, string[]>>;
  cursor: string|null; // of the next page; null: there is none
}

interface State {
  connection: "connecting"|"online"|"reconnecting";
  entries: Readonly<Record<string, JobEntry>>;
  jobIds: readonly string[]; // newest first
  cursor: string|null|undefined; // of the next page; null: there is none, undefined: not yet requested
  hasOlder: boolean; // there may be older jobs than those listed
  queue: QueueInfo|null;
  models: readonly Model[];
  found: readonly FoundModel[];
  languages: readonly SpokenLanguage[];
  defaultModel: string;
  options: readonly Option[]; // of a job, in the page's language
  formats: readonly string[];
  samples: readonly Sample[];
  uploads: readonly Upload[];
  filter: Filter;
  selected: readonly string[]|null; // ids of jobs; null: none can be selected
  searchResults: SearchResults|null; // null: all jobs are shown
  removing: readonly string[]; // ids of jobs that are hidden because they are about to be removed
}

/** From the server, or from the page itself. */
type Message = {type: string, job_id?: string|null, data?: any};

type Handler<Data> = (state: State, data: Data, jobId: string) => State;

/** By the message's type. */
interface Handlers {
  [type: string]: Handler<any>|undefined;
  job?: Handler<Job>;
  snapshot?: Handler<{jobs: Job[], queue: QueueInfo}>;
  segment?: Handler<Segment>;
  corrected?: Handler<{speakers: readonly JobSpeaker[]}>;
  "jobs/page"?: Handler<JobPage>;
  "jobs/previews"?: Handler<JobPage>;
  "job/detail"?: Handler<Job>;
  "job/corrected"?: Handler<Corrected & {speakers?: readonly Speaker[]}>;
  "filter/results"?: Handler<JobPage & {filter: Filter, append: boolean}>;
}

// Components

/** What components work with. */
interface App {
  store: Store;
  api: Api;
  actions: Actions;
  commands: Commands;
  uploads: UploadQueue;
  toast: Toast;
  copy: (text: string, told?: TextKey) => Promise<void>; // a toast says so
  tryOrTell: (request: () => Promise<unknown>) => Promise<unknown>; // a toast shows the error
  selectedOptions: () => SubmitOptions;
  chooseModel: (model: Model) => void; // for the next files
  useTermList: (name: string) => void; // for the next files, besides what is chosen
  openExport: (source: ExportSource) => void; // this and the next four open dialogs
  describe: (ids: readonly string[]) => void;
  watchFolders: () => void;
  knownVoices: (speaker?: NamedSpeaker, whenKept?: () => void) => void; // whose voice may be kept
  replaceEverywhere: (text: string, replacement: string) => void;
  replaceTerms: (terms: string) => void; // in all transcripts
  editor?: Editor; // once its modules are loaded
}

/** Connects an element of the page to the app. The function it returns renders the state. */
type Component = (element: HTMLElement, app: App) => Render|void;

/** Updates what differs from `before`. null: everything, e.g. in another language. */
type Render = (state: State, before: State|null) => unknown;

/** What users can do. Each sends a request; the outcome arrives over the socket. */
interface Actions {
  loadCatalogue(): Promise<unknown>; // models, languages, options and samples, which the socket doesn't send
  fetchJob(id: string): Promise<unknown>; // one that isn't listed
  loadPreviews(): Promise<unknown>; // of the newest jobs
  loadJob(id: string): Promise<unknown>; // the details of one that is
  filter(change: Partial<Filter>): Promise<unknown>;
  search(cursor?: string|null): Promise<unknown>; // repeats the current search, or loads its next page
  loadOlder(): Promise<unknown>;
  cancel(id: string): void;
  retry(id: string, options?: SubmitOptions, fromStart?: boolean): void; // continues where it ended, unless the text would differ
  chooseTrack(id: string, number: number): void; // instead of the current one, or of a completed job as a new one
  remove(...ids: string[]): void; // hides them at once and deletes them when that can no longer be undone
  submit(files: Iterable<File>, options: SubmitOptions): void;
  trySample(sample: Sample): void;
  downloadModel(model: Model, source: string): void;
  stopDownload(model: Model): void;
  removeModel(model: Model): void;
  importModel(file: File, onDone: (model: Model) => void): void;
  importFound(found: FoundModel): Promise<Model>;
}

interface Toast {
  show(text: string, actionKey?: TextKey, onAction?: () => void, onDismiss?: () => void): void; // by default it is only closed
  hide(): void; // calls neither
}

interface Editor {
  open(id: string, from?: number, searchText?: string): void; // from: seconds to play from
  close(): void;
}

/** What belongs to the transcript in the editor, until it is closed. */
interface OpenTranscript {
  id: string;
  session: ReturnType<typeof import("./editor/edit-session.js").createEditSession>;
  player: ReturnType<typeof import("./editor/player.js").createPlayer>;
  lines: ReturnType<typeof import("./editor/transcript-lines.js").transcriptLines>;
  timeline: ReturnType<typeof import("./editor/timeline.js").timeline>;
  scope: AbortController;
}

/** What the export dialog exports. */
interface ExportSource {
  title: string;
  address(format: string, layout: URLSearchParams): string;
  hasPreview: boolean; // false: of several transcripts
  hasSpeakers: boolean;
  hasWords: boolean;
  check: ((layout: URLSearchParams, signal: AbortSignal) => Promise<SubtitleCheck>)|null; // null: nothing to check
  show(seconds: number): void; // in the transcript
}

/** What the transcript's lines need of the editor. */
interface LinesHost {
  play(seconds: number): void;
  showFollowing(isAway: boolean): void; // whether the play position is off the screen and isn't followed
  currentTime(): number;
  change(lines: Lines, groupKey?: string): void;
  editLine(line: Segment): void; // it has got the caret
  refuse(reason: string): void; // says why a change isn't possible
}

/** A place in the text that is reviewed. */
interface ReviewItem {
  id: string;
  start: number; // seconds
  end: number;
  places: readonly Place[];
  before: string;
  text: string; // what is there; may be empty
  otherText: string|null; // what another text has; null: there is none
  after: string;
}

/** Characters of a line, in its trimmed text. */
type Place = {line: number, from: number, to: number};

/** What is reviewed, and what the decisions do. */
interface ReviewSource {
  title: string;
  controls: readonly HTMLElement[]; // which items are shown
  isTyped: boolean; // the text is typed, and accepted as it is typed
  items(): ReviewItem[]; // those left, in the order of time
  accept(item: ReviewItem, text: string): Promise<unknown>;
  keep(item: ReviewItem): void;
  acceptAll?(): Promise<unknown>;
  update?(): Promise<unknown>|undefined; // after the text has changed; undefined: nothing to do
}

type SaveState = "saved"|"unsaved"|"saving"|"failed"|"conflict";

/** An <input>, <select> or <textarea>; only a checkbox has `checked`. */
type OptionControl = HTMLElement & {value: string, disabled: boolean, checked?: boolean};
type OptionField = {option: Option, element: HTMLElement, control: OptionControl};

interface HTMLElementTagNameMap {
  "job-card": HTMLElement;
  "model-details": HTMLElement;
  "upload-card": HTMLElement;
}

type TextKey = import("./i18n.js").TextKey;
type Commands = import("./commands.js").Commands;
type Store = import("./store.js").Store;
type IconName = "upload"|"download"|"close"|"retry"|"trash"|"copy"|"check"|"play"|"pause"|"chevron"|"up"|"left"|"back"|"ahead"|"pen"|"unsure"|"undo"|"redo"|"start"|"end"|"split"|"merge"|"mic"|"search"|"more"|"keyboard"|"plus"|"minus"|"tag"|"mark"|"paragraph"|"quote"|"sound"|"stop"; // the symbols in index.html
type Lines = readonly Segment[];
type Timer = ReturnType<typeof setTimeout>|undefined;
