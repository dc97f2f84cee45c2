/**
 * The shapes that travel between server, reducer and components. Types only.
 *
 * @typedef {"pending"|"queued"|"processing"|"completed"|"failed"|"cancelled"} JobStatus
 *
 * @typedef {object} Segment
 * @property {number} id
 * @property {number} start  seconds
 * @property {number} end  seconds
 * @property {string} text
 *
 * @typedef {object} Result
 * @property {string} text
 * @property {string} language
 * @property {Segment[]} [segments]
 * @property {number} processing_time  seconds
 *
 * @typedef {object} Job
 * @property {string} job_id
 * @property {JobStatus} status
 * @property {number} progress  percent of the audio
 * @property {string} message
 * @property {string} created_at  ISO 8601
 * @property {string|null} [started_at]
 * @property {string|null} [completed_at]
 * @property {number|null} [estimated_time_remaining]  seconds
 * @property {string} filename
 * @property {string} model
 * @property {string|null} [language]
 * @property {{return_timestamps?: boolean}} [options]
 * @property {number|null} [audio_duration]  seconds
 * @property {number|null} [queue_position]
 * @property {{code: string, message: string}|null} [error]
 * @property {Segment[]} [segments]  so far
 * @property {Result|null} [result]
 *
 * @typedef {object} QueueFigures
 * @property {number} queue_size
 * @property {number} active_jobs
 * @property {number} total_jobs
 * @property {number} max_concurrent_jobs
 * @property {boolean} is_running
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {number|null} size_bytes  null where nobody knows before it is here
 * @property {boolean} available
 * @property {boolean} bundled
 * @property {boolean} multilingual
 * @property {boolean} translates
 * @property {string|null} [description]
 * @property {{received_bytes: number, total_bytes: number|null}|null} [download]
 * @property {{code: string, message: string}|null} [error]  why the last download ended without the model
 *
 * @typedef {{code: string, name: string}} SpokenLanguage
 *
 * @typedef {object} ModelList
 * @property {string} default
 * @property {Model[]} models
 * @property {SpokenLanguage[]} languages
 *
 * @typedef {object} Sample
 * @property {string} id
 * @property {string} language
 * @property {string} title
 * @property {string} text
 * @property {number} duration  seconds
 * @property {string} url
 *
 * @typedef {object} SubmitOptions  the form fields of a submission
 * @property {string} model
 * @property {string} language
 * @property {"transcribe"|"translate"} task
 * @property {boolean} return_timestamps
 * @property {boolean} word_timestamps
 *
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} filename
 * @property {"waiting"|"sending"|"checking"|"failed"} phase
 * @property {number} sent_bytes
 * @property {number} total_bytes
 * @property {string|null} error
 *
 * @typedef {object} Entry  one job as the page knows it
 * @property {Job} job
 * @property {readonly Segment[]} segments  by id
 * @property {readonly Segment[]} fresh  those that the socket brought since the last snapshot
 * @property {Result|null} result
 * @property {boolean} loading  its details are being fetched
 * @property {boolean} watched  it was seen at work
 * @property {string|null} problem  why the last click on it had no effect
 *
 * @typedef {object} State
 * @property {"connecting"|"online"|"reconnecting"} connection
 * @property {Readonly<Record<string, Entry>>} entries
 * @property {readonly string[]} order  job ids, newest first
 * @property {string|null|undefined} cursor  of the next older page; null: none, undefined: not asked
 * @property {boolean} more  there may be jobs older than those listed
 * @property {QueueFigures|null} queue
 * @property {readonly Model[]} models
 * @property {readonly SpokenLanguage[]} languages
 * @property {string} defaultModel
 * @property {readonly Sample[]} samples
 * @property {readonly Upload[]} uploads
 *
 * @typedef {object} ServerMessage
 * @property {string} type
 * @property {string|null} job_id
 * @property {any} data
 * @property {string} timestamp
 */

export {};
