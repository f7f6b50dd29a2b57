// The rows of a log that stand in the page: its end while that is followed, or any part that a person scrolled to.
import { ask } from "./act.js";
import { join, rowElement } from "./log_row.js";

const FOLLOWED_ROWS = 300; // more cost the page's thread most of its time
const MOST_ROWS = 1000;
const PAGE_ROWS = 200;
const NEAR_PIXELS = 500;
const AT_END_PIXELS = 24;
const EMPTY_PAGES = 6; // asked for in vain, before a person is asked whether to go on
const GATHER_MS = 16;
const BUSY_GATHER_MS = 90; // where much comes: each time that rows are added costs the page's thread a drawing
const BUSY_MS = 300;

export class LogWindow {
  isLive = true;
  isFollowing = true;
  isAtEnd = true; // all that the stream is known to hold behind these rows is here
  missed = 0; // rows that came while nobody followed
  searched = 0; // bytes at the end of the stream that the rows were chosen of
  size = 0;
  #top = null; // what is before this place is not here yet; null: the log begins here
  #bottom = 0; // everything before this place is here, or was
  #known = 0; // how far the stream is known to go
  #isPinned = true; // to the end, whatever happens to the size of the window
  #scrollTop = 0;
  #waiting = [];
  #timer = 0;
  #takenAt = 0;
  #asking = 0; // the number of the newest request that replaces all rows
  #isLoading = false;

  /** `changed()` is called when something of it is to be shown anew, `heard(rows)` for what came in. */
  constructor({ session, filter, scroll, rows, changed, heard, failed }) {
    Object.assign(this, { session, filter, scroll, rows, changed, heard, failed });
    this.sized = new ResizeObserver(() => this.#isPinned && this.#toEnd());
    this.sized.observe(scroll);
    scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  close() {
    this.sized.disconnect();
    clearTimeout(this.#timer);
  }

  get isEmpty() {
    return !this.rows.firstElementChild;
  }

  get hasOlder() {
    return this.#top !== null;
  }

  // All anew

  /** From the end. What comes in meanwhile is asked for afterwards. */
  async reload() {
    const asking = ++this.#asking;
    this.isAtEnd = false;
    try {
      const page = await this.#page({});
      if (asking !== this.#asking) return;
      this.#isLoading = false;
      this.show(page);
      await this.#newer();
    } catch (error) {
      this.failed(error);
    }
  }

  show(page) {
    this.rows.replaceChildren(this.#fragment(page.rows));
    this.#top = page.before;
    this.#bottom = page.after ?? page.size;
    this.#known = Math.max(this.#known, this.#bottom);
    this.isAtEnd = this.#bottom >= this.#known;
    this.missed = 0;
    this.#tellSearched(page);
    this.#toEnd();
    this.#follow(this.isLive);
    if (page.rows.length < PAGE_ROWS / 4) this.older();
  }

  /** To the end, and on with what is new there. */
  jump() {
    this.missed = 0;
    if (!this.isAtEnd) return this.reload();
    this.#toEnd();
    this.#follow(this.isLive);
    return undefined;
  }

  /** Stay here, whatever is new. */
  rest() {
    this.#isPinned = false;
    this.#follow(false);
  }

  // What is new

  hear(rows, log) {
    if (log.rewritten) this.#bottom = this.#known = log.offset;
    this.#known = Math.max(this.#known, log.offset);
    this.size = Math.max(this.size, log.offset);
    this.#waiting.push(...rows);
    if (this.isFollowing && this.#waiting.length > 2 * FOLLOWED_ROWS) this.#skip();
    const wait = performance.now() - this.#takenAt < BUSY_MS ? BUSY_GATHER_MS : GATHER_MS;
    this.#timer ||= setTimeout(() => this.#take(), wait);
  }

  /** More came at once than is shown: what is before it can be scrolled to. */
  #skip() {
    const latest = this.#waiting.slice(-FOLLOWED_ROWS);
    this.#waiting = latest.slice(Math.max(0, latest.findIndex((row) => row.nth === 0)));
    this.rows.replaceChildren();
    this.#top = this.#bottom = this.#waiting[0].offset;
  }

  end() {
    this.#take();
    this.isLive = false;
    this.#follow(false);
  }

  #take() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#takenAt = performance.now();
    const fresh = this.#waiting.splice(0).filter((row) => row.offset >= this.#bottom && this.filter.fits(row));
    this.heard(fresh);
    if (!this.isFollowing) this.missed += fresh.length;
    if (this.isAtEnd) {
      this.#bottom = this.#known;
      if (fresh.length) this.#append(fresh);
      if (!this.isFollowing) this.isAtEnd = this.rows.childElementCount < MOST_ROWS;
    }
    if (this.isFollowing) {
      this.#trimTop(FOLLOWED_ROWS);
      this.#toEnd();
    }
    this.changed();
  }

  /** What is behind the rows that are here, until all of it is. */
  async #newer() {
    if (this.#isLoading || this.isAtEnd) return;
    const page = await this.#loaded({ after: this.#bottom });
    if (!page) return;
    this.#append(page.rows);
    this.#bottom = page.after ?? page.size;
    this.isAtEnd = this.#bottom >= this.#known || page.after === null;
    if (this.isAtEnd) this.missed = 0;
    this.#holding(this.rows.lastElementChild, () => this.#trimTop(MOST_ROWS));
    if (this.isFollowing) this.#toEnd();
    this.changed();
  }

  // What is old

  /** Older rows on top. A page may be empty where a filter fits nothing in it: then the one before is asked for. */
  async older() {
    for (let left = EMPTY_PAGES; left > 0 && !this.#isLoading && this.hasOlder; left -= 1) {
      const page = await this.#loaded({ before: this.#top });
      if (!page) return;
      this.#top = page.before;
      this.#prepend(page.rows);
      this.#tellSearched(page);
      this.changed();
      if (page.rows.length && this.scroll.scrollTop > NEAR_PIXELS / 2) return;
    }
  }

  #prepend(rows) {
    const fragment = this.#fragment(rows);
    const [last, first] = [fragment.lastElementChild, this.rows.firstElementChild];
    this.#holding(first?.nextElementSibling ?? first, () => {
      if (last?.piece && first?.piece) {
        join(last, first);
        first.remove();
      }
      this.rows.prepend(fragment);
      if (!this.isFollowing) this.#trimBottom(MOST_ROWS);
    });
    if (this.#isPinned) this.#toEnd();
  }

  #tellSearched(page) {
    this.size = Math.max(this.size, page.size);
    this.searched = page.size - (page.before ?? 0);
  }

  // Requests

  #page(where) {
    const asked = new URLSearchParams({ limit: PAGE_ROWS, ...where, ...this.filter.asked });
    return ask("GET", `/api/sessions/${this.session}/log?${asked}`);
  }

  /** A page, one at a time; nothing where it failed, or all was asked for anew meanwhile. */
  async #loaded(where) {
    const asking = this.#asking;
    this.#isLoading = true;
    try {
      const page = await this.#page(where);
      return asking === this.#asking ? page : null;
    } catch (error) {
      if (asking === this.#asking) this.failed(error);
      return null;
    } finally {
      if (asking === this.#asking) this.#isLoading = false;
    }
  }

  // Elements

  #fragment(rows, at = null) {
    const fragment = document.createDocumentFragment();
    for (const row of rows) {
      at = row.at ?? at;
      const element = rowElement(row, { at, needle: this.filter.search, session: this.session });
      element.at = at;
      const last = fragment.lastElementChild;
      if (last?.piece && element.piece) join(last, element);
      else fragment.append(element);
    }
    return fragment;
  }

  #append(rows) {
    const last = this.rows.lastElementChild;
    const fragment = this.#fragment(rows, last?.at);
    if (last?.piece && fragment.firstElementChild?.piece) {
      join(last, fragment.firstElementChild);
      fragment.firstElementChild.remove();
    }
    this.rows.append(fragment);
  }

  /** Whole lines go: a line may have several rows. */
  #trimTop(most) {
    const { children } = this.rows;
    if (children.length <= most) return;
    let keep = children.length - most;
    while (keep < children.length - 1 && children[keep].dataset.offset === children[keep - 1].dataset.offset) keep += 1;
    for (const row of [...children].slice(0, keep)) row.remove();
    this.#top = Number(children[0].dataset.offset);
  }

  #trimBottom(most) {
    const { children } = this.rows;
    if (children.length <= most) return;
    let keep = most;
    while (keep > 1 && children[keep].dataset.offset === children[keep - 1].dataset.offset) keep -= 1;
    for (const row of [...children].slice(keep)) row.remove();
    this.#bottom = Number(this.rows.lastElementChild.dataset.end);
    this.isAtEnd = false;
  }

  // Scrolling

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroll;
    const below = scrollHeight - scrollTop - clientHeight;
    // only a person scrolls up: what is added or taken away moves nothing that way
    if (below < AT_END_PIXELS) this.#isPinned = true;
    else if (scrollTop < this.#scrollTop) this.#isPinned = false;
    this.#scrollTop = scrollTop;
    this.#follow(this.isLive && this.#isPinned && this.isAtEnd);
    if (scrollTop < NEAR_PIXELS && !this.#isPinned) this.older();
    if (!this.isAtEnd && below < NEAR_PIXELS) this.#newer();
  }

  #follow(isFollowing) {
    this.isFollowing = isFollowing;
    if (isFollowing) this.missed = 0;
    this.changed();
  }

  #toEnd() {
    this.#isPinned = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.#scrollTop = this.scroll.scrollTop;
  }

  /** Do it, and leave the row where it is on the screen. */
  #holding(row, change) {
    const before = row?.getBoundingClientRect().top;
    change();
    if (row?.isConnected) this.scroll.scrollTop += row.getBoundingClientRect().top - before;
    this.#scrollTop = this.scroll.scrollTop;
  }
}
