/** The one WebSocket: tells what happens, and comes back by itself when the server does. */

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 1200;
const JITTER_MS = 400;
const HANDSHAKE_TIMEOUT_MS = 5000;

export class QueueSocket {
  #language;
  #onMessage;
  #onConnection;
  /** @type {WebSocket|null} */
  #socket = null;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /**
   * @param {() => string} language
   * @param {(message: Message) => void} onMessage
   * @param {(connection: "online"|"reconnecting") => void} onConnection
   */
  constructor(language, onMessage, onConnection) {
    this.#language = language;
    this.#onMessage = onMessage;
    this.#onConnection = onConnection;
  }

  /** Opens, or opens anew: the next snapshot is in the language of now. */
  open() {
    clearTimeout(this.#timer);
    this.#drop();
    const address = new URL(`ws/queue?lang=${this.#language()}`, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(), HANDSHAKE_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#failures = 0;
    };
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      this.#onMessage(message);
      if (message.type === "snapshot") this.#onConnection("online");
    };
    socket.onclose = () => this.#lost();
  }

  /** Doesn't wait for the next try, e.g. when the page is looked at again. */
  hurry() {
    if (!this.#socket) this.open();
  }

  #lost() {
    this.#drop();
    this.#onConnection("reconnecting");
    const delay = Math.min(FIRST_DELAY_MS * 1.6 ** this.#failures, LONGEST_DELAY_MS);
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), delay + Math.random() * JITTER_MS);
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
