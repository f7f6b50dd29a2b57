// One WebSocket a tab. It has a place in the journal, so that after a lost connection nothing is missing or doubled.
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

class Live {
  #listeners = new Map();
  #followed = new Map();
  #socket = null;
  #place = Number(document.documentElement.dataset.place ?? NaN); // what happened since the page was made is heard, too
  #retry = FIRST_RETRY_MS;
  #state = "";
  #version = "";

  /** kind: event, activity, state. Returns what undoes it. */
  on(kind, hear) {
    if (!this.#listeners.has(kind)) this.#listeners.set(kind, new Set());
    this.#listeners.get(kind).add(hear);
    return () => this.#listeners.get(kind).delete(hear);
  }

  /** The rows of a session's log from `offset` on: `rows(list)`, then `ended()`. Returns what stops it. */
  follow(session, { offset = 0, rows, ended = () => {} }) {
    const followed = { offset, rows, ended };
    this.#followed.set(session, followed);
    this.#say({ follow: { session, offset } });
    return () => {
      if (this.#followed.get(session) !== followed) return;
      this.#followed.delete(session);
      this.#say({ unfollow: { session } });
    };
  }

  open() {
    const after = Number.isNaN(this.#place) ? "" : `?after=${this.#place}`;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/events${after}`);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => socket === this.#socket && this.#lost());
  }

  #hear(message) {
    if (message.hello) this.#greet(message.hello);
    for (const event of message.events ?? []) {
      if (event.seq <= this.#place) continue;
      this.#place = event.seq;
      this.#tell("event", event);
    }
    for (const said of message.activities ?? []) this.#tell("activity", said);
    if (message.log) this.#hearLog(message.log);
  }

  #greet(hello) {
    if (this.#version && this.#version !== hello.version) return location.reload();
    this.#version = hello.version;
    if (!(hello.seq >= this.#place)) this.#place = hello.seq;
    this.#retry = FIRST_RETRY_MS;
    this.#set("up");
    for (const [session, { offset }] of this.#followed) this.#say({ follow: { session, offset } });
  }

  #hearLog(log) {
    const followed = this.#followed.get(log.session);
    if (!followed) return;
    followed.offset = log.offset;
    if (log.rows.length) followed.rows(log.rows, log);
    if (log.ended) followed.ended(log);
  }

  #lost() {
    this.#set("down");
    // all tabs at once would knock at the same moment
    setTimeout(() => this.open(), this.#retry * (0.7 + Math.random() * 0.6));
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY_MS);
    if (this.#retry === LONGEST_RETRY_MS) this.#askWhy();
  }

  async #askWhy() {
    const answer = await fetch("/api/sessions?limit=1").catch(() => null);
    if (answer?.status === 401) this.#set("out");
  }

  #set(state) {
    if (state === this.#state) return;
    const before = this.#state;
    this.#state = state;
    this.#tell("state", state, before);
  }

  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#state === "up") this.#socket.send(JSON.stringify(message));
  }

  #tell(kind, ...what) {
    for (const hear of this.#listeners.get(kind) ?? []) hear(...what);
  }
}

export const live = new Live();
