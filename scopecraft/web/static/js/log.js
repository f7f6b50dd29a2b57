// <sc-log>: a session's log with its controls. It begins with rows that came with the page, and is followed live.
import { bind } from "./keys.js";
import { live } from "./live.js";
import { Filter } from "./log_filter.js";
import { Pace } from "./log_pace.js";
import { Talk } from "./log_talk.js";
import { LogWindow } from "./log_window.js";

const TYPING_MS = 180;
const SAY_MS = 8000;

class ScLog extends HTMLElement {
  #filter = new Filter();
  #undo = [];
  #saidAt = 0;
  #isGoing = false;
  #window;
  #pace;
  #talk;

  connectedCallback() {
    const first = JSON.parse(this.#at("first").textContent);
    this.#pace = new Pace(this.#at("pace"));
    this.#talk = new Talk(this);
    this.#window = new LogWindow({
      session: this.dataset.session,
      filter: this.#filter,
      scroll: this.#at("scroll"),
      rows: this.#at("rows"),
      changed: () => this.#show(),
      heard: (rows) => this.#announce(rows),
      failed: (error) => this.#say(error.message),
    });
    this.#undo.push(() => this.#window.close());
    this.#window.isLive = "isLive" in this.dataset;
    this.#window.show(first);
    this.#pace.note(first.size);
    this.#listen();
    this.#bindKeys();
    this.#talk.refresh();
    if (this.#window.isLive) this.#follow(first.after ?? first.size);
  }

  disconnectedCallback() {
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** The mission has another session that is at work now; where nobody chose this one, that is shown. */
  async goOn() {
    if ("isChosen" in this.dataset || !this.closest("#tab") || this.#isGoing) return;
    this.#isGoing = true;
    await window.htmx.ajax("GET", location.pathname, { target: "#tab", swap: "innerHTML" });
    this.#isGoing = false;
  }

  #at(name) {
    return this.querySelector(`[data-${name}]`);
  }

  #follow(offset) {
    const rows = (found, log) => {
      this.#pace.note(log.offset);
      this.#window.hear(found, log);
    };
    this.#undo.push(live.follow(this.dataset.session, { offset, rows, ended: () => this.#end() }), this.#pace.run());
  }

  #end() {
    this.#window.end();
    this.#pace.end();
    this.#say("The session has ended");
    this.#talk.refresh();
  }

  #listen() {
    this.#at("jump").addEventListener("click", () => this.#window.jump());
    this.#at("follow").addEventListener("change", ({ target }) => (target.checked ? this.#window.jump() : this.#window.rest()));
    this.#at("older-now").addEventListener("click", () => this.#window.older());
    this.#at("choice")?.addEventListener("change", ({ target }) => location.assign(`?session=${target.value}`));
    let typing = 0;
    const search = this.querySelector("[name=search]");
    search.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#refilter(), TYPING_MS);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      search.value = "";
      search.blur();
      this.#refilter();
    });
    for (const button of this.querySelectorAll(".log-kinds button")) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        this.#refilter();
      });
    }
  }

  async #refilter() {
    this.#filter.read(this);
    this.setAttribute("aria-busy", "true");
    await this.#window.reload();
    this.removeAttribute("aria-busy");
  }

  #show() {
    const { isEmpty, hasOlder, isFollowing, isAtEnd, isLive, missed, size, searched } = this.#window;
    const isFiltered = this.#filter.isOn;
    this.#at("older").hidden = !hasOlder;
    this.#at("older-said").textContent = isFiltered && size ? `${Math.round((100 * searched) / size)} % searched` : "";
    this.#at("none").hidden = !isEmpty || isFiltered || hasOlder;
    this.#at("no-match").hidden = !isEmpty || !isFiltered || hasOlder;
    this.#at("follow").checked = isFollowing;
    this.#at("follow").closest("label").hidden = !isLive;
    this.#at("jump").hidden = isFollowing || (isAtEnd && !missed);
    this.#at("jump-said").textContent = missed ? `${missed.toLocaleString("en")} new – jump to the end` : "jump to the end";
  }

  /** Readers of screens hear of errors, and not of every row. */
  #announce(rows) {
    const bad = rows.find((row) => row.mood === "bad");
    if (bad && Date.now() - this.#saidAt > SAY_MS) this.#say(`${bad.title}: ${bad.text.slice(0, 200)}`);
  }

  #say(text) {
    this.#saidAt = Date.now();
    this.#at("said").textContent = text;
  }

  // By keys

  #bindKeys() {
    this.#undo.push(
      bind("j", () => this.#step(1), "Next row of the log"),
      bind("k", () => this.#step(-1), "Row before"),
      bind("Enter", () => document.activeElement?.closest?.(".row")?.querySelector("button.open")?.click(), "Open the row"),
    );
  }

  #step(by) {
    const rows = [...this.#at("rows").children];
    const here = rows.indexOf(document.activeElement?.closest?.(".row"));
    const next = here >= 0 ? here + by : this.#firstSeen(rows, by);
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (!row) return;
    if (by < 0) this.#window.rest();
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  /** Where the keys begin: at the last row that is seen on the way up, at the first one on the way down. */
  #firstSeen(rows, by) {
    const { top, bottom } = this.#at("scroll").getBoundingClientRect();
    const isSeen = (row) => row.getBoundingClientRect().bottom <= bottom + 2 && row.getBoundingClientRect().top >= top - 2;
    return by < 0 ? rows.findLastIndex(isSeen) : rows.findIndex(isSeen);
  }
}

customElements.define("sc-log", ScLog);
