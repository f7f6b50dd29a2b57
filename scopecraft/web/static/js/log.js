// <sc-log>: a session's log. The end is followed live; what is older comes from the API when it is scrolled to.
import { ask } from "./act.js";
import { bind } from "./keys.js";
import { live } from "./live.js";
import { join, rowElement } from "./log_row.js";
import { Pace } from "./log_pace.js";
import { Talk } from "./log_talk.js";

const FOLLOWED_ROWS = 300; // more cost the page's thread most of its time
const MOST_ROWS = 1000;
const PAGE_ROWS = 200;
const NEAR_PIXELS = 500;
const EMPTY_PAGES = 6; // asked for in vain, before a person is asked whether to go on
const TYPING_MS = 180;
const GATHER_MS = 30;
const SAY_MS = 8000;

class ScLog extends HTMLElement {
  #top = null; // what is before this place is not here yet; null: the log begins here
  #bottom = 0; // everything before this place is here, or was
  #known = 0; // how far the stream is known to go
  #isAtEnd = true;
  #isFollowing = true;
  #isPinned = true; // to the end, whatever happens to the size of the window
  #scrollTop = 0;
  #missed = 0;
  #waiting = [];
  #timer = 0;
  #asking = 0; // the number of the newest request that replaces all rows
  #isLoading = false;
  #filter = { kinds: null, search: "", errors: false };
  #undo = [];
  #saidAt = 0;

  connectedCallback() {
    this.session = this.dataset.session;
    for (const name of ["scroll", "rows", "older", "none", "no-match", "jump", "said", "follow"]) {
      this[`$${name}`] = this.querySelector(`[data-${name}]`);
    }
    this.pace = new Pace(this.querySelector("[data-pace]"));
    this.talk = new Talk(this);
    const first = JSON.parse(this.querySelector("[data-first]").textContent);
    this.#show(first);
    this.#listen();
    this.talk.refresh();
    if ("isLive" in this.dataset) {
      const stop = live.follow(this.session, {
        offset: first.after ?? first.size,
        rows: (rows, log) => this.#hear(rows, log),
        ended: () => this.#end(),
      });
      this.#undo.push(stop, this.pace.run());
    } else this.#isFollowing = false;
  }

  disconnectedCallback() {
    for (const undo of this.#undo.splice(0)) undo();
    clearTimeout(this.#timer);
  }

  /** The mission has another session that is at work now; where nobody chose this one, that is shown. */
  goOn() {
    if ("isChosen" in this.dataset || !document.getElementById("tab") || !window.htmx) return;
    window.htmx.ajax("GET", location.pathname, { target: "#tab", swap: "innerHTML" });
  }

  #listen() {
    this.$scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.$jump.addEventListener("click", () => this.#jump());
    this.$follow?.addEventListener("change", () => (this.$follow.checked ? this.#jump() : this.#rest()));
    this.querySelector("[data-older-now]").addEventListener("click", () => this.#older(EMPTY_PAGES));
    this.querySelector("[data-choice]")?.addEventListener("change", (event) => location.assign(`?session=${event.target.value}`));
    const resized = new ResizeObserver(() => this.#isPinned && this.#toEnd());
    resized.observe(this.$scroll);
    this.#undo.push(() => resized.disconnect());
    let typing = 0;
    const search = this.querySelector("[name=search]");
    search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => this.#refilter(), TYPING_MS); });
    search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; search.blur(); this.#refilter(); } });
    for (const button of this.querySelectorAll(".log-kinds button")) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        this.#refilter();
      });
    }
    this.#undo.push(
      bind("j", () => this.#step(1), "Next row of the log"),
      bind("k", () => this.#step(-1), "Row before"),
      bind("Enter", () => this.#open(), "Open the row"),
    );
  }

  // What is shown

  #refilter() {
    const off = [...this.querySelectorAll("[data-kinds][aria-pressed=false]")].flatMap((each) => each.dataset.kinds.split(" "));
    const all = ["message", "user", "text", "tool", "result", "thinking", "note", "usage", "error", "alert"];
    this.#filter = {
      kinds: off.length ? all.filter((kind) => !off.includes(kind)) : null,
      search: this.querySelector("[name=search]").value.trim().toLowerCase(),
      errors: this.querySelector("[data-errors]").getAttribute("aria-pressed") === "true",
    };
    this.#reload();
  }

  get #isFiltered() {
    const { kinds, search, errors } = this.#filter;
    return Boolean(kinds || search || errors);
  }

  #fits(row) {
    const { kinds, search, errors } = this.#filter;
    if (kinds && !kinds.includes(row.kind)) return false;
    if (errors && row.mood !== "bad") return false;
    return !search || row.text.toLowerCase().includes(search) || row.title.toLowerCase().includes(search);
  }

  #page(where) {
    const { kinds, search, errors } = this.#filter;
    const asked = new URLSearchParams({ limit: PAGE_ROWS, ...where });
    if (kinds) asked.set("kinds", kinds.join(","));
    if (search) asked.set("search", search);
    if (errors) asked.set("errors", "true");
    return ask("GET", `/api/sessions/${this.session}/log?${asked}`);
  }

  /** All anew, from the end. What comes in meanwhile is asked for afterwards. */
  async #reload() {
    const asking = ++this.#asking;
    this.#isAtEnd = false;
    this.setAttribute("aria-busy", "true");
    try {
      const page = await this.#page({});
      if (asking !== this.#asking) return;
      this.#show(page);
      await this.#newer();
    } catch (error) {
      this.#say(error.message);
    } finally {
      if (asking === this.#asking) this.removeAttribute("aria-busy");
    }
  }

  #show(page) {
    this.$rows.replaceChildren(this.#fragment(page.rows));
    this.#top = page.before;
    this.#bottom = page.after ?? page.size;
    this.#known = Math.max(this.#known, this.#bottom);
    this.#isAtEnd = this.#bottom >= this.#known;
    this.#waiting = [];
    this.pace.note(page.size);
    this.#setFollowing("isLive" in this.dataset);
    this.#toEnd();
    this.#showState();
    if (page.rows.length < PAGE_ROWS / 4) this.#older(EMPTY_PAGES);
  }

  #fragment(rows, at = null) {
    const fragment = document.createDocumentFragment();
    for (const row of rows) {
      at = row.at ?? at;
      const element = rowElement(row, { at, needle: this.#filter.search, session: this.session });
      element.at = at;
      const last = fragment.lastElementChild;
      if (last?.piece && element.piece) join(last, element);
      else fragment.append(element);
    }
    return fragment;
  }

  #append(rows) {
    const last = this.$rows.lastElementChild;
    const fragment = this.#fragment(rows, last?.at);
    if (last?.piece && fragment.firstElementChild?.piece) {
      join(last, fragment.firstElementChild);
      fragment.firstElementChild.remove();
    }
    this.$rows.append(fragment);
  }

  #showState() {
    const isEmpty = !this.$rows.firstElementChild;
    this.$older.hidden = this.#top === null || isEmpty && !this.#isFiltered;
    this["$none"].hidden = !isEmpty || this.#isFiltered || this.#top !== null;
    this["$no-match"].hidden = !isEmpty || !this.#isFiltered || this.#top !== null;
    this.$jump.hidden = this.#isFollowing || (this.#isAtEnd && !this.#missed);
    const many = this.#missed > 9999 ? "9,999+" : this.#missed.toLocaleString("en");
    this.querySelector("[data-jump-said]").textContent = this.#missed ? `${many} new – jump to the end` : "jump to the end";
  }

  // What is new

  #hear(rows, log) {
    this.pace.note(log.offset);
    if (log.rewritten) this.#bottom = this.#known = log.offset;
    this.#known = Math.max(this.#known, log.offset);
    this.#waiting.push(...rows);
    if (this.#isFollowing && this.#waiting.length > 2 * FOLLOWED_ROWS) this.#waiting.splice(0, this.#waiting.length - FOLLOWED_ROWS);
    this.#timer ||= setTimeout(() => this.#take(), GATHER_MS);
  }

  #take() {
    this.#timer = 0;
    const known = this.#known;
    const fresh = this.#waiting.splice(0).filter((row) => row.offset >= this.#bottom && this.#fits(row));
    this.#announce(fresh);
    if (!this.#isAtEnd) this.#missed += fresh.length;
    else {
      this.#bottom = known;
      if (fresh.length) this.#append(fresh);
      if (this.#isFollowing) this.#trim("top", FOLLOWED_ROWS);
      else {
        this.#missed += fresh.length;
        this.#isAtEnd = this.$rows.childElementCount < MOST_ROWS;
      }
    }
    if (this.#isFollowing) this.#toEnd();
    this.#showState();
  }

  #end() {
    delete this.dataset.isLive;
    this.#take();
    this.#setFollowing(false);
    this.pace.end();
    this.$follow?.closest("label").remove();
    this.$follow = null;
    this.#showState();
    this.#say("The session has ended");
    this.talk.refresh();
  }

  /** Readers of screens hear of errors, and not of every row. */
  #announce(rows) {
    const bad = rows.filter((row) => row.mood === "bad");
    if (bad.length && Date.now() - this.#saidAt > SAY_MS) this.#say(`${bad[0].title}: ${bad[0].text.slice(0, 200)}`);
  }

  #say(text) {
    this.#saidAt = Date.now();
    this.$said.textContent = text;
  }

  // Moving through it

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.$scroll;
    const below = scrollHeight - scrollTop - clientHeight;
    // only a person scrolls up: what is added or taken away moves nothing that way
    if (below < 24) this.#isPinned = true;
    else if (scrollTop < this.#scrollTop) this.#isPinned = false;
    this.#scrollTop = scrollTop;
    this.#setFollowing("isLive" in this.dataset && this.#isPinned && this.#isAtEnd);
    if (scrollTop < NEAR_PIXELS) this.#older(EMPTY_PAGES);
    if (!this.#isAtEnd && below < NEAR_PIXELS) this.#newer();
  }

  #setFollowing(isFollowing) {
    this.#isFollowing = isFollowing;
    if (isFollowing) this.#missed = 0;
    if (this.$follow) this.$follow.checked = isFollowing;
    this.$jump.hidden = isFollowing || (this.#isAtEnd && !this.#missed);
  }

  /** Stay here, whatever is new. */
  #rest() {
    this.#isPinned = false;
    this.#setFollowing(false);
  }

  #toEnd() {
    this.#isPinned = true;
    this.$scroll.scrollTop = this.$scroll.scrollHeight;
    this.#scrollTop = this.$scroll.scrollTop;
  }

  #jump() {
    this.#missed = 0;
    if (!this.#isAtEnd) return this.#reload();
    this.#setFollowing("isLive" in this.dataset);
    if (this.#isFollowing) this.#trim("top", FOLLOWED_ROWS);
    this.#toEnd();
    this.#showState();
    return undefined;
  }

  /** Older rows on top. A page may be empty where a filter fits nothing in it: then the one before is asked for. */
  async #older(tries) {
    if (this.#isLoading || this.#top === null) return;
    this.#isLoading = true;
    const asking = this.#asking;
    try {
      for (let left = tries; left > 0 && this.#top !== null; left -= 1) {
        const page = await this.#page({ before: this.#top });
        if (asking !== this.#asking) return;
        this.#top = page.before;
        this.#prepend(page.rows);
        this.#sayOlder(page);
        if (page.rows.length && this.$scroll.scrollTop > NEAR_PIXELS / 2) break;
      }
    } catch (error) {
      this.#say(error.message);
    } finally {
      this.#isLoading = false;
      this.#showState();
    }
  }

  #prepend(rows) {
    const fragment = this.#fragment(rows);
    const [last, first] = [fragment.lastElementChild, this.$rows.firstElementChild];
    this.#holding(first?.nextElementSibling ?? first, () => {
      if (last?.piece && first?.piece) {
        join(last, first);
        first.remove();
      }
      this.$rows.prepend(fragment);
      if (!this.#isFollowing) this.#trim("bottom", MOST_ROWS);
    });
  }

  /** Do it, and leave the row where it is on the screen. */
  #holding(row, change) {
    const before = row?.getBoundingClientRect().top;
    change();
    if (row?.isConnected) this.$scroll.scrollTop += row.getBoundingClientRect().top - before;
    this.#scrollTop = this.$scroll.scrollTop;
  }

  #sayOlder(page) {
    const share = page.size ? Math.round((100 * (page.size - (page.before ?? 0))) / page.size) : 100;
    this.querySelector("[data-older-said]").textContent = this.#isFiltered ? `${share} % searched` : "";
  }

  /** What is behind the rows that are here, until all of it is. */
  async #newer() {
    if (this.#isLoading || this.#isAtEnd) return;
    this.#isLoading = true;
    const asking = this.#asking;
    try {
      const page = await this.#page({ after: this.#bottom });
      if (asking !== this.#asking) return;
      this.#append(page.rows);
      this.#bottom = page.after ?? page.size;
      this.#isAtEnd = this.#bottom >= this.#known || page.after === null;
      if (this.#isAtEnd) this.#missed = 0;
      this.#holding(this.$rows.lastElementChild, () => this.#trim("top", MOST_ROWS));
    } catch (error) {
      this.#say(error.message);
    } finally {
      this.#isLoading = false;
      if (this.#isFollowing) this.#toEnd();
      this.#showState();
    }
  }

  /** Whole lines go: a line may have several rows. */
  #trim(side, most) {
    const rows = this.$rows.children;
    let gone = null;
    while (rows.length > most || (gone && this.#edge(side)?.dataset.offset === gone)) {
      gone = this.#edge(side).dataset.offset;
      this.#edge(side).remove();
    }
    if (gone === null) return;
    if (side === "top") this.#top = Number(rows[0].dataset.offset);
    else {
      this.#bottom = Number(this.$rows.lastElementChild.dataset.end);
      this.#isAtEnd = false;
    }
  }

  #edge(side) {
    return side === "top" ? this.$rows.firstElementChild : this.$rows.lastElementChild;
  }

  // By keys

  #step(by) {
    const rows = [...this.$rows.children];
    const here = rows.indexOf(document.activeElement?.closest?.(".row"));
    const next = here >= 0 ? here + by : this.#visible(rows, by);
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (!row) return;
    if (by < 0) this.#isPinned = false;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  /** Where the keys begin: at the last row that is seen, or the first. */
  #visible(rows, by) {
    const { top, bottom } = this.$scroll.getBoundingClientRect();
    const seen = rows.filter((row) => { const at = row.getBoundingClientRect(); return at.bottom <= bottom + 2 && at.top >= top - 2; });
    return rows.indexOf(by < 0 ? seen.at(-1) : seen[0]);
  }

  #open() {
    document.activeElement?.closest?.(".row")?.querySelector("button.open")?.click();
  }
}

customElements.define("sc-log", ScLog);
