// <sc-terminal>: the window of a session. Whoever looks on sees it whole and changes nothing; one may take control.
import { FitAddon, Terminal, Unicode11Addon } from "../vendor/xterm.js";
import { confirmed } from "./act.js";
import { TerminalLine } from "./terminal_line.js";
import { toast } from "./toast.js";

const FONT_PIXELS = 13;
const SMALLEST_FONT_PIXELS = 9; // in smaller letters nobody reads: the place scrolls then
const RESIZE_MS = 120;
const EARLIER_LINES = 5000;
const UNSEEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g; // one of them could end the paste, and what follows would be typed
const SHIFT_ENTER = "\x1b\r"; // as Alt and Enter: a new line for most agents, where Enter sends
const TITLE = /^(\d+)x(\d+) (\d+)$/; // tmux's own word on the window; no title of an agent gets here
const LOOKING = "You look on: nothing that you press reaches the agent.";
const WRITING = "Your keys go to the agent. Shift and drag selects text, the wheel scrolls back.";
const IS_MAC = /^Mac|^iP/.test(navigator.platform);
const encoder = new TextEncoder();

class ScTerminal extends HTMLElement {
  #terminal = null;
  #fit = new FitAddon();
  #line = null;
  #isMine = false;
  #wantsBack = false; // it was ours when the connection was lost
  #control = {};
  #window = null; // its size in characters, as all who look at it share it
  #observer = null;
  #timer = 0;
  #undo = new AbortController();

  connectedCallback() {
    this.#undo = new AbortController();
    this.#build();
    this.#listen();
    this.#line = new TerminalLine(this.dataset.session, {
      bytes: (data, done) => this.#terminal.write(data, done),
      open: () => this.#opened(),
      lost: () => this.#lost(),
      control: (control) => this.#controlled(control),
      history: (lines) => this.#showEarlier(lines),
      ended: (end) => this.#ended(end),
      error: (error) => this.#refused(error),
    });
    this.#line.open();
  }

  disconnectedCallback() {
    this.#undo.abort();
    this.#observer?.disconnect();
    clearTimeout(this.#timer);
    this.#line?.close();
    this.#terminal?.dispose();
  }

  /** The part of this element with that mark. */
  #at(mark) {
    return this.querySelector(`[data-${mark}]`);
  }

  #build() {
    const style = getComputedStyle(this);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.#terminal = new Terminal({
      allowProposedApi: true, // for the widths of characters
      cursorBlink: true,
      disableStdin: true,
      fontFamily: colour("mono"),
      fontSize: FONT_PIXELS,
      macOptionClickForcesSelection: true,
      minimumContrastRatio: 4.5,
      scrollback: 0, // tmux keeps what has scrolled off
      theme: { background: colour("terminal"), foreground: colour("on-terminal"), cursor: colour("on-terminal") },
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = "11"; // as wide as tmux takes them for
    const screen = this.#at("screen");
    screen.replaceChildren();
    this.#terminal.open(screen);
    this.#terminal.textarea.disabled = true;
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isForAgent(event));
    this.#terminal.attachCustomWheelEventHandler(() => this.#isMine); // else the page scrolls
    this.#terminal.onData((text) => this.#type(encoder.encode(text)));
    this.#terminal.onBinary((text) => this.#type(Uint8Array.from(text, (each) => each.charCodeAt(0))));
    this.#terminal.onTitleChange((title) => this.#told(title));
  }

  #listen() {
    const { signal } = this.#undo;
    const on = (mark, act) => this.#at(mark).addEventListener("click", act, { signal });
    on("take", () => this.#take());
    on("give", () => this.#give());
    on("earlier", () => this.#line.say({ history: EARLIER_LINES }));
    on("close", () => this.#at("history").close());
    document.addEventListener("copy", (event) => this.#copy(event), { signal });
    this.#at("screen").addEventListener("paste", (event) => this.#paste(event), { signal, capture: true });
    this.#observer = new ResizeObserver(() => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#arrange(), RESIZE_MS);
    });
    this.#observer.observe(this.#at("screen"));
  }

  #opened() {
    this.#at("take").disabled = false;
    this.classList.remove("is-lost");
    this.#line.say({ size: this.#room() });
    if (this.#wantsBack) this.#line.say({ control: "take" });
    this.#wantsBack = false;
  }

  #lost() {
    this.#wantsBack ||= this.#isMine;
    this.#write(false);
    this.classList.add("is-lost");
    this.#at("take").disabled = true;
    this.#say("connection lost", "It is tried again …");
  }

  #refused({ message, hint }) {
    this.#write(false);
    this.classList.add("is-lost");
    this.#at("take").disabled = true;
    this.#say("not shown", hint ? `${message}: ${hint}` : message);
  }

  #ended({ lives, sentence }) {
    this.#write(false);
    this.classList.add("is-lost");
    this.#at("take").disabled = true;
    this.#say(lives ? "closed" : "ended", sentence);
    if (!lives) return this.dispatchEvent(new CustomEvent("renew", { bubbles: true }));
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Show it again";
    again.addEventListener("click", () => this.#line.open(), { once: true });
    this.#at("said").append(" ", again);
  }

  #say(who, what = "") {
    this.#at("who").textContent = who;
    this.#at("said").textContent = what;
  }

  #controlled(control) {
    const before = this.#control;
    this.#control = control;
    if (this.#isMine !== control.mine) this.#write(control.mine);
    if (before.mine && !control.mine && control.by) toast(`${control.by} took control`, "your keys reach the agent no more", "bad");
    const others = control.watchers - 1;
    const company = others ? `${others} other${others > 1 ? "s" : ""} looking on` : "";
    const writer = control.by && !control.mine ? `${control.by} writes since ${timeOf(control.since)}` : "";
    this.#say(control.mine ? "you write" : "read-only", [writer, company].filter(Boolean).join(" · "));
  }

  /** From now on keys go to the agent, or to the page. */
  #write(isMine) {
    const hadFocus = this.#at("screen").contains(document.activeElement);
    this.#isMine = isMine;
    this.#terminal.options.disableStdin = !isMine;
    this.#terminal.textarea.disabled = !isMine;
    this.#at("screen").tabIndex = isMine ? -1 : 0; // it may have to be scrolled by keys
    this.classList.toggle("is-mine", isMine);
    this.#at("take").hidden = isMine;
    this.#at("give").hidden = !isMine;
    this.#at("hint").textContent = isMine ? WRITING : LOOKING;
    this.#at("who").classList.toggle("working", isMine);
    this.#arrange();
    if (isMine) this.#terminal.focus();
    else if (hadFocus) this.#at("take").focus();
  }

  async #take() {
    const { by, mine, since } = this.#control;
    if (mine) return this.#terminal.focus();
    if (by && !(await confirmed(`${by} writes here since ${timeOf(since)}. Take over? What is half typed there stays as it is.`, "Take over"))) return undefined;
    this.#line.say({ size: this.#room() });
    return this.#line.say({ control: by ? "take-over" : "take" });
  }

  #give() {
    this.#line.say({ control: "give" });
    this.#at("take").focus();
  }

  #type(bytes) {
    if (this.#isMine) this.#line.type(bytes);
  }

  /** What the browser or the page does with a key itself is none of the terminal's. */
  #isForAgent(event) {
    if (!this.#isMine) return false;
    if (event.ctrlKey && event.shiftKey && event.key === "Enter") {
      event.preventDefault();
      if (event.type === "keydown") this.#give();
      return false;
    }
    const isPlainControl = event.ctrlKey && !event.altKey && !event.shiftKey && !IS_MAC; // there Command does both
    if (isPlainControl && event.key === "v") return false; // the browser pastes
    if (isPlainControl && event.key === "c" && this.#terminal.hasSelection()) return false; // and copies
    if (event.shiftKey && !event.ctrlKey && !event.altKey && event.key === "Enter") {
      event.preventDefault();
      if (event.type === "keydown") this.#type(encoder.encode(SHIFT_ENTER));
      return false;
    }
    return true;
  }

  /** Only what a person saw when they copied it. */
  #paste(event) {
    event.preventDefault();
    event.stopPropagation();
    if (this.#isMine) this.#terminal.paste((event.clipboardData?.getData("text/plain") ?? "").replace(UNSEEN, ""));
  }

  #copy(event) {
    if (!this.#terminal.hasSelection() || !document.getSelection().isCollapsed || event.defaultPrevented) return;
    event.clipboardData.setData("text/plain", this.#terminal.getSelection());
    event.preventDefault();
  }

  #told(title) {
    const found = TITLE.exec(title);
    if (!found) return;
    this.#window = { cols: Number(found[1]), rows: Number(found[2]) };
    this.classList.toggle("is-scrolled", found[3] !== "0");
    if (!this.#isMine) this.#arrange();
  }

  /** How much has room here in letters of the usual size. */
  #room() {
    this.#terminal.options.fontSize = FONT_PIXELS;
    const room = this.#fit.proposeDimensions();
    return room && room.cols > 1 ? { cols: room.cols, rows: room.rows } : { cols: 80, rows: 24 };
  }

  /** Whoever writes fills the place; whoever looks on sees the whole window, in smaller letters where it must be. */
  #arrange() {
    if (!this.isConnected) return;
    this.style.setProperty("--above", `${Math.round(this.getBoundingClientRect().top + scrollY)}px`);
    const room = this.#room();
    const size = this.#isMine ? room : this.#window ?? room;
    if (!this.#isMine) this.#shrink(size, Math.min(1, room.cols / size.cols, room.rows / size.rows));
    this.#terminal.resize(size.cols, size.rows);
    this.#line?.say({ size: room });
  }

  /** Letters come in steps, so the first guess may be a step too large. */
  #shrink({ cols, rows }, scale) {
    let pixels = Math.floor(FONT_PIXELS * scale * 2) / 2;
    for (; pixels > SMALLEST_FONT_PIXELS; pixels -= 0.5) {
      this.#terminal.options.fontSize = pixels;
      const room = this.#fit.proposeDimensions();
      if (!room || (room.cols >= cols && room.rows >= rows)) return;
    }
    this.#terminal.options.fontSize = SMALLEST_FONT_PIXELS;
  }

  #showEarlier(lines) {
    const place = this.#at("lines");
    place.textContent = lines.join("\n");
    this.#at("history").showModal();
    place.scrollTop = place.scrollHeight;
    place.focus();
  }
}

const timeOf = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

customElements.define("sc-terminal", ScTerminal);
