// The diff of a mission: files are walked, folded and ticked off by keys; a patch comes when its file is unfolded.
import { clearComments } from "./comments.js";
import { bind } from "./keys.js";
import { LineComments } from "./line_comments.js";
import { live } from "./live.js";
import { lookedAt, markOf, turn } from "./looked.js";
import { tell } from "./news.js";

const MOVES = /^(commits_taken|branch_synced|session_ended|mission_reopened)$/;
const LINES = "tr[data-n], tr[data-o]";

class Diff extends HTMLElement {
  #undo = [];
  #comments = null;
  #file = null;
  #line = null;

  connectedCallback() {
    const { mission } = this.dataset;
    this.#comments = new LineComments(this, mission);
    this.addEventListener("toggle", (event) => this.#toggled(event.target), true);
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("focusin", (event) => { this.#file = event.target.closest("[data-change]") ?? this.#file; });
    const onComments = (event) => event.detail.mission === mission && this.#count(event.detail.comments);
    document.addEventListener("comments", onComments);
    this.#undo.push(
      () => document.removeEventListener("comments", onComments),
      () => this.#comments.end(),
      live.on("event", (event) => this.#heard(event)),
      ...this.#keys(),
    );
    this.#count(this.#comments.show());
    this.#showLooked();
    this.#toAnchor();
  }

  disconnectedCallback() {
    for (const undo of this.#undo.splice(0)) undo();
  }

  get #files() {
    return [...this.querySelectorAll("[data-change]")];
  }

  #keys() {
    return [
      bind("j", () => this.#walk(1), "Next file"),
      bind("k", () => this.#walk(-1), "File before"),
      bind("n", () => this.#hunk(1), "Next change"),
      bind("p", () => this.#hunk(-1), "Change before"),
      bind("J", () => this.#step(1), "Next line"),
      bind("K", () => this.#step(-1), "Line before"),
      bind("o", () => this.#file && (this.#file.open = !this.#file.open), "Fold or unfold the file"),
      bind("m", () => this.#look(), "Mark the file as looked at"),
      bind("i", () => this.#comments.write(this.#line), "Comment on the line"),
    ];
  }

  #walk(by) {
    const files = this.#files;
    const at = files.indexOf(this.#file);
    this.#toFile(files[at < 0 ? 0 : Math.min(files.length - 1, Math.max(0, at + by))]);
  }

  #toFile(file) {
    if (!file) return;
    this.#file = file;
    this.#at(null);
    const summary = file.querySelector("summary");
    summary.focus({ preventScroll: true });
    file.scrollIntoView({ block: "start" });
  }

  /** To the first changed line of the next hunk, in any file that is unfolded. */
  #hunk(by) {
    const starts = [...this.querySelectorAll("details[open] tr.hunk")].map(firstChanged).filter(Boolean);
    const here = this.#line ?? this.#file;
    const isBefore = (row) => here && row !== here && here.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_PRECEDING;
    const isAfter = (row) => !here || (row !== here && here.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING);
    this.#toLine(by > 0 ? starts.find(isAfter) : starts.findLast(isBefore));
  }

  #step(by) {
    const rows = [...this.querySelectorAll(`details[open] :is(${LINES})`)];
    const at = this.#line ? rows.indexOf(this.#line) + by : rows.findIndex((row) => !this.#file || this.#file.contains(row));
    this.#toLine(rows[at]);
  }

  #toLine(row) {
    if (!row) return;
    this.#at(row);
    this.#file = row.closest("[data-change]");
    row.scrollIntoView({ block: "center" });
  }

  #at(row) {
    this.#line?.classList.remove("here");
    this.#line = row;
    row?.classList.add("here");
  }

  #clicked(event) {
    const { target } = event;
    const row = target.closest(LINES);
    if (row && !getSelection().toString()) this.#at(row);
    if (target.closest("[data-fold-all]")) this.#foldAll(target.closest("[data-fold-all]"));
    if (target.closest("[data-comments-clear]")) clearComments(this.dataset.mission);
    const whole = target.closest("[data-whole]");
    if (whole) this.#load(whole.closest("[data-change]"), whole.dataset.whole);
    const anchor = target.closest("a[href^='#change-']");
    if (!anchor) return;
    event.preventDefault();
    history.replaceState(null, "", anchor.hash);
    this.#toAnchor();
  }

  #toAnchor() {
    const file = location.hash.startsWith("#change-") && document.getElementById(location.hash.slice(1));
    if (!file) return;
    file.open = true;
    this.#toFile(file);
  }

  #foldAll(button) {
    const isFolding = this.#files.some((file) => file.open);
    // unfolding asks for nothing: whatever has no patch yet comes one by one
    for (const file of this.#files) file.open = !isFolding && "loaded" in file.dataset;
    button.textContent = isFolding ? "Unfold" : "Fold all";
  }

  #toggled(change) {
    if (change.matches?.("[data-change]") && change.open && !("loaded" in change.dataset)) this.#load(change, change.dataset.lines);
  }

  async #load(change, address) {
    const place = change.querySelector("[data-place]");
    change.dataset.loaded = "";
    place.setAttribute("aria-busy", "true");
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    place.removeAttribute("aria-busy");
    if (answer?.ok) place.innerHTML = await answer.text(); // of our own templates, which escape
    else this.#failed(change, place, answer);
    this.#comments.show();
  }

  async #failed(change, place, answer) {
    delete change.dataset.loaded;
    const word = document.createElement("p");
    word.className = "patch-word";
    word.textContent = answer ? "It cannot be shown: it may have changed since. Reload the page." : "The supervisor does not answer.";
    place.replaceChildren(word);
  }

  #look() {
    const file = this.#file;
    if (!file) return;
    const isLooked = turn(this.dataset.mission, markOf(file));
    this.#showLooked();
    if (!isLooked) return;
    file.open = false;
    this.#walk(1);
  }

  #showLooked() {
    const looked = lookedAt(this.dataset.mission);
    let count = 0;
    for (const file of this.#files) {
      const is = looked.has(markOf(file));
      count += is;
      if (is && !file.classList.contains("looked")) file.open = false;
      file.classList.toggle("looked", is);
      file.querySelector("[data-looked-mark]").hidden = !is;
      this.querySelector(`a[href="#${file.id}"].file-entry`)?.classList.toggle("looked", is);
    }
    const said = this.querySelector("[data-looked]");
    if (said) said.textContent = count ? `${count} of ${this.dataset.total} looked at` : "";
  }

  #count(comments) {
    const place = this.querySelector("[data-comments]");
    if (!place) return;
    place.hidden = !comments.length;
    const many = comments.length === 1 ? "1 comment goes" : `${comments.length} comments go`;
    place.querySelector("[data-comments-said]").textContent = `${many} into the reason of a Reject`;
  }

  #heard(event) {
    if (event.mission_id !== this.dataset.mission) return;
    if (event.kind === "gate_rejected") this.#count(this.#comments.show()); // they were said
    if (!MOVES.test(event.kind)) return;
    tell(this, "The branch may have moved since this was shown.", "Show it as it is now", () => location.reload());
  }
}

function firstChanged(hunk) {
  let row = hunk.nextElementSibling;
  while (row && !row.matches("tr.added, tr.removed, tr.hunk")) row = row.nextElementSibling;
  return row?.matches("tr.hunk") ? null : row;
}

customElements.define("sc-diff", Diff);
