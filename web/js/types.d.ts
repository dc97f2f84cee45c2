/** The shapes that travel between server, reducer and components, known everywhere in the page. Times are seconds. */

type JobStatus = "pending"|"queued"|"processing"|"completed"|"failed"|"cancelled";

interface Segment {
  id: number;
  start: number; // seconds
  end: number; // seconds
  text: string;
  words?: readonly {word: string, start: number, end: number, probability: number|null}[];
}

interface Result {
  text: string;
  language: string;
  segments?: Segment[];
  version: number; // how often a person corrected it
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
  result?: Result|null;
  excerpt?: string[]; // hits of a search in context: plain, hit, plain, …
}

/** what a search or filter gave */
interface Found {
  order: readonly string[]; // job ids, newest first
  excerpts: Readonly<Record<string, string[]>>;
  cursor: string|null;
}

type Filter = {q: string, status: string};

interface QueueFigures {
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
}

interface Sample {
  id: string;
  language: string;
  title: string;
  text: string;
  duration: number; // seconds
  url: string;
}

/** the form fields of a submission */
interface SubmitOptions {
  model: string;
  language: string;
  task: "transcribe"|"translate";
  return_timestamps: boolean;
  word_timestamps: boolean;
  initial_prompt?: string;
}

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
interface Entry {
  job: Job;
  segments: readonly Segment[]; // by id
  fresh: readonly Segment[]; // those that the socket brought since the last snapshot
  result: Result|null;
  loading: boolean; // its details are being fetched
  watched: boolean; // it was seen at work
  problem: string|null; // why the last click on it had no effect
}

interface State {
  connection: "connecting"|"online"|"reconnecting";
  entries: Readonly<Record<string, Entry>>;
  order: readonly string[]; // job ids, newest first
  cursor: string|null|undefined; // of the next older page; null: none, undefined: not asked
  more: boolean; // there may be jobs older than those listed
  queue: QueueFigures|null;
  models: readonly Model[];
  languages: readonly SpokenLanguage[];
  defaultModel: string;
  samples: readonly Sample[];
  uploads: readonly Upload[];
  filter: Filter;
  found: Found|null; // null: all jobs are shown
  leaving: readonly string[]; // ids of jobs about to be removed
}

interface ServerMessage {
  type: string;
  job_id: string|null;
  data: any;
  timestamp: string;
}

type Key = import("./i18n.js").Key;
type Api = import("./api.js").Api;
type Store = import("./store.js").Store;
type Actions = import("./actions.js").Actions;
type UploadQueue = import("./uploads.js").UploadQueue;
type ToastLine = import("./components/toast-line.js").ToastLine;
type ReadingDesk = import("./desk/reading-desk.js").ReadingDesk;
type Icon = Parameters<typeof import("./lib/dom.js").icon>[0];
type Lines = readonly Segment[];
