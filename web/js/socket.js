/** The WebSocket for all jobs. It reconnects by itself. */

const MIN_DELAY_MS = 200;
const MAX_DELAY_MS = 1200;
const JITTER_MS = 400;
const HANDSHAKE_TIMEOUT_MS = 5000;

/**
 * @param {() => string} language
 * @param {(message: Message) => void} onMessage
 * @param {(connection: "online"|"reconnecting") => void} onConnection
 */
export function createQueueSocket(language, onMessage, onConnection) {
	/** @type {WebSocket|null} */
	let socket = null;
	let failures = 0;
	/** Of the handshake's timeout or of the next attempt. @type {Timer} */
	let timer;

	/** Replaces an open socket: the new snapshot is in the current language. */
	function open() {
		clearTimeout(timer);
		close();
		const url = new URL(`ws/queue?lang=${language()}`, document.baseURI);
		url.protocol = url.protocol.replace("http", "ws");
		socket = new WebSocket(url);
		timer = setTimeout(retryLater, HANDSHAKE_TIMEOUT_MS);
		socket.onopen = () => {
			clearTimeout(timer);
			failures = 0;
		};
		socket.onmessage = (event) => {
			const message = JSON.parse(event.data);
			onMessage(message);
			if (message.type === "snapshot") onConnection("online");
		};
		socket.onclose = retryLater;
	}

	function retryLater() {
		close();
		onConnection("reconnecting");
		const delay = Math.min(MIN_DELAY_MS * 1.6 ** failures, MAX_DELAY_MS);
		failures += 1;
		clearTimeout(timer);
		timer = setTimeout(open, delay + Math.random() * JITTER_MS);
	}

	function close() {
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
		socket = null;
	}

	/** Tries at once instead of after the delay. */
	function reconnect() {
		if (!socket) open();
	}

	return { open, reconnect };
}
