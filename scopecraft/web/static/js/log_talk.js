// How a session is, and what a person can say to it: under its log. What is being typed is never taken away.
import { act } from "./act.js";

const EMPTY = { running: ["Nothing yet", "The agent has not said a word so far."], ended: ["It printed nothing", "The session ended without a word."] };

export class Talk {
  #log;
  #place;
  #say;

  constructor(log) {
    this.#log = log;
    this.#place = log.querySelector("[data-talk]");
    this.#say = log.querySelector("[data-say]");
    this.#place.addEventListener("changed", () => this.refresh());
    this.#place.addEventListener("acted", () => this.refresh());
    this.#place.addEventListener("submit", (event) => this.#answer(event));
    this.#say?.addEventListener("acted", () => this.refresh());
    this.#say?.addEventListener("keydown", (event) => this.#typed(event));
  }

  /** Ask how it is, and show it where that has changed. */
  async refresh() {
    const answer = await fetch(this.#place.dataset.talk, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || !this.#log.isConnected) return;
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".talk");
    if (!part) return;
    if (part.dataset.signature !== this.#place.firstElementChild?.dataset.signature) this.#put(part);
    this.#showForms(part.dataset);
    this.#sayWhyEmpty(part.classList[1]);
    if ("isOver" in part.dataset && part.dataset.latest !== this.#log.dataset.session) this.#log.goOn();
  }

  /** A log without rows was told of as its session was when the page was made. */
  #sayWhyEmpty(kind) {
    const none = this.#log.querySelector("[data-for-now]");
    if (!none || !EMPTY[kind]) return;
    [none.querySelector("h2").textContent, none.querySelector("p").textContent] = EMPTY[kind];
  }

  #put(part) {
    this.#place.replaceChildren(part);
    part.dispatchEvent(new Event("shown", { bubbles: true }));
  }

  #showForms(now) {
    if (!this.#say) return;
    this.#say.hidden = !("canHear" in now);
    this.#say.querySelector("[data-interrupt]").hidden = !("isWorking" in now);
  }

  /** Enter sends, Shift with Enter begins a new line. */
  #typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.tagName !== "TEXTAREA") return;
    event.preventDefault();
    if (event.target.value.trim()) this.#say.requestSubmit();
  }

  #answer(event) {
    const form = event.target;
    const path = form.dataset.answers;
    if (!path) return;
    event.preventDefault();
    const inquiries = [...form.querySelectorAll("[data-inquiry]")];
    const answers = inquiries.length ? inquiries.map(answerTo) : [form.elements.own.value];
    if (answers.every((each) => each.trim())) act(form, "POST", path, { answers, id: form.dataset.question });
  }
}

/** Own words go before choices; several choices stand with commas between them. */
function answerTo(inquiry) {
  const own = inquiry.querySelector(".ask-own input").value.trim();
  return own || [...inquiry.querySelectorAll(".ask-choice input:checked")].map((each) => each.value).join(", ");
}
