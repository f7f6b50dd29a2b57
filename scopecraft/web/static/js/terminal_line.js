// The connection of a terminal: bytes both ways, what was shown is acknowledged, and after a loss it begins again.
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
const TYPED_PART_BYTES = 32 * 1024;
const LONGEST_COMMAND_BYTES = 16;
const ESCAPE = 0x1b;
const SHOWN_PART_BYTES = 16 * 1024;

/** Where a piece that begins at `start` ends: never within a command of the terminal, which the other side would not wait for. */
function cut(bytes, start) {
  const end = Math.min(start + TYPED_PART_BYTES, bytes.length);
  const escape = bytes.subarray(0, end).lastIndexOf(ESCAPE);
  return end < bytes.length && escape > start && escape > end - LONGEST_COMMAND_BYTES ? escape : end;
}

export class TerminalLine {
  #session;
  #heard;
  #socket = null;
  #retry = FIRST_RETRY_MS;
  #timer = 0;
  #shown = 0;
  #waiting = 0;
  #isOver = false;

  /** heard: {bytes(data, done), control, history, ended, error, open, lost} */
  constructor(session, heard) {
    this.#session = session;
    this.#heard = heard;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/terminal/${encodeURIComponent(this.#session)}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#shown = this.#waiting = 0;
    this.#isOver = false;
    socket.addEventListener("open", () => this.#heard.open());
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#hear(data, socket));
    socket.addEventListener("close", () => socket === this.#socket && this.#lost());
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** In pieces: the server takes no message of any length. */
  type(bytes) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (let start = 0, end = 0; start < bytes.length; start = end) {
      end = cut(bytes, start);
      this.#socket.send(bytes.subarray(start, end));
    }
  }

  #hear(data, socket) {
    if (typeof data !== "string") {
      this.#waiting += 1;
      return this.#heard.bytes(new Uint8Array(data), () => socket === this.#socket && this.#acknowledge(data.byteLength));
    }
    const message = JSON.parse(data);
    if (message.ended || message.error) this.#isOver = true;
    else this.#retry = FIRST_RETRY_MS;
    for (const [kind, what] of Object.entries(message)) this.#heard[kind]?.(what);
  }

  #acknowledge(count) {
    this.#shown += count;
    this.#waiting -= 1;
    if (this.#waiting && this.#shown < SHOWN_PART_BYTES) return;
    this.say({ ack: this.#shown });
    this.#shown = 0;
  }

  #lost() {
    if (this.#isOver) return;
    this.#heard.lost();
    this.#timer = setTimeout(() => this.open(), this.#retry * (0.7 + Math.random() * 0.6));
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY_MS);
  }
}
