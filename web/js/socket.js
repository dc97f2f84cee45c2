/** The one WebSocket: tells what happens, and comes back by itself when the server does. */

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 1200;
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
	/** @type {Timer} */
	let timer;

	/** Opens, or opens anew: the next snapshot is in the language of now. */
	function open() {
		clearTimeout(timer);
		drop();
		const address = new URL(`ws/queue?lang=${language()}`, document.baseURI);
		address.protocol = address.protocol.replace("http", "ws");
		socket = new WebSocket(address);
		timer = setTimeout(lost, HANDSHAKE_TIMEOUT_MS);
		socket.onopen = () => {
			clearTimeout(timer);
			failures = 0;
		};
		socket.onmessage = (event) => {
			const message = JSON.parse(event.data);
			onMessage(message);
			if (message.type === "snapshot") onConnection("online");
		};
		socket.onclose = lost;
	}

	function lost() {
		drop();
		onConnection("reconnecting");
		const delay = Math.min(FIRST_DELAY_MS * 1.6 ** failures, LONGEST_DELAY_MS);
		failures += 1;
		clearTimeout(timer);
		timer = setTimeout(open, delay + Math.random() * JITTER_MS);
	}

	function drop() {
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
		socket = null;
	}

	/** Doesn't wait for the next try, e.g. when the page is looked at again. */
	function hurry() {
		if (!socket) open();
	}

	return { open, hurry };
}
