/** The text of a recording while it is being made: a socket that follows it, and the reducer of its messages. */

const RETRY_MS = 1000;

/**
 * @typedef {object} LiveText
 * @property {readonly string[]} lines of utterances that have ended; their places are the segments' ids
 * @property {readonly {start: number, end: number}[]} times of the draft's lines, in seconds
 * @property {string} stable of the utterance that goes on
 * @property {string} tentative what may still change
 * @property {number} lag seconds
 * @property {"waiting"|"draft"|"transcribing"|"final"|"failed"} phase
 * @property {string} note from the server: what it waits for, or why there is no text
 */

/** @returns {LiveText} */
export function noText() {
	return { lines: [], times: [], stable: "", tentative: "", lag: 0, phase: "waiting", note: "" };
}

/** What a follower of a recording can do. @typedef {{stop: () => void, send: (message: object) => void}} Follower */

/** @param {LiveText} text @param {Message} message of /ws/live @returns {LiveText} */
export function reduceLiveText(text, { type, data }) {
	switch (type) {
		case "started":
			return noText();
		case "preparing":
			return { ...text, note: data.message };
		case "segment":
			if (data.id < text.lines.length) return { ...text, lines: text.lines.with(data.id, data.text.trim()) };
			return { ...text, lines: [...text.lines, data.text.trim()], times: [...text.times, data], stable: "", tentative: "", phase: draftPhase(text) };
		case "partial":
			return { ...text, stable: data.stable.trim(), tentative: data.tentative.trim(), lag: data.lag, note: "", phase: draftPhase(text) };
		case "unavailable":
			return { ...text, note: data.message };
		case "status":
			return { ...text, phase: data.status === "pending" ? text.phase : "transcribing", note: "" };
		case "completed":
			return withFinalText(text, data.result);
		case "error":
			return data.status ? { ...text, phase: "failed", note: data.error.message } : { ...text, note: data.message };
		default:
			return text;
	}
}

/** @param {LiveText} text @returns {LiveText["phase"]} */
function draftPhase({ phase }) {
	return phase === "waiting" ? "draft" : phase;
}

/** @param {LiveText} draft @param {Result} result @returns {LiveText} */
export function withFinalText({ times }, { text, segments = [] }) {
	const lines = segments.map((segment) => segment.text.trim()).filter(Boolean);
	return { ...noText(), times, lines: lines.length ? lines : [text.trim()].filter(Boolean), phase: "final" };
}

/**
 * Follows a recording until its job ends; reconnects by itself, then gets all its text again.
 * @param {string} jobId @param {() => string} language @param {(text: LiveText) => void} onChange
 * @returns {Follower} `send`: nothing is sent while there is no connection
 */
export function followRecording(jobId, language, onChange) {
	let text = noText();
	/** @type {WebSocket} */
	let socket;
	/** @type {Timer} */
	let timer;

	function open() {
		const url = new URL(`ws/live?lang=${language()}`, document.baseURI);
		url.protocol = url.protocol.replace("http", "ws");
		socket = new WebSocket(url);
		socket.onopen = () => socket.send(JSON.stringify({ type: "start", job_id: jobId }));
		socket.onmessage = ({ data }) => {
			text = reduceLiveText(text, JSON.parse(data));
			onChange(text);
		};
		socket.onclose = ({ code }) => {
			if (code !== 1000) timer = setTimeout(open, RETRY_MS);
		};
	}

	open();
	return {
		stop() {
			clearTimeout(timer);
			socket.onmessage = socket.onclose = null;
			socket.close();
		},
		send: (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message)),
	};
}
