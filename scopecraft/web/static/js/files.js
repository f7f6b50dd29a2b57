// The files of a mission: editor and difference are loaded when they are wanted, and a change meanwhile is told.
import { isOther } from "./artifact.js";
import { live } from "./live.js";
import { tell } from "./news.js";

const SOON_MS = 400;

class Files extends HTMLElement {
  #undo = [];
  #timer = 0;

  connectedCallback() {
    const file = this.querySelector("[data-file]");
    if (!file) return;
    this.#open(file);
    if (file.dataset.isNow === "yes" && file.dataset.sha) this.#watch(file);
    const between = file.querySelector("[data-between]");
    between?.addEventListener("change", () => between.requestSubmit());
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    for (const undo of this.#undo.splice(0)) undo?.();
  }

  async #open(file) {
    const editor = file.querySelector("[data-editor]");
    const difference = file.querySelector("[data-difference]");
    if (editor) this.#undo.push((await import("./editor.js")).edit(file, editor, this.dataset.mission));
    if (difference) (await import("./difference.js")).compare(file, difference);
  }

  #watch(file) {
    const look = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(file), SOON_MS);
    };
    const onShown = () => document.visibilityState === "visible" && look();
    document.addEventListener("visibilitychange", onShown);
    this.#undo.push(
      () => document.removeEventListener("visibilitychange", onShown),
      live.on("event", (event) => event.mission_id === this.dataset.mission && look()),
      live.on("state", (state, before) => state === "up" && before && look()),
    );
  }

  async #look(file) {
    const { raw, sha } = file.dataset;
    if (!(await isOther(raw, sha)) || sha !== file.dataset.sha) return;
    if (file.querySelector("[data-editor]")) file.dispatchEvent(new CustomEvent("overtaken"));
    else tell(file, changedWords(file), "Show what is there now", () => location.reload());
  }
}

/** The gate beside it is about what is there now, and not about what somebody reads here. */
const changedWords = ({ dataset }) =>
  dataset.isReviewed === "yes"
    ? "It has changed since this was shown, and an approval would be of what is there now."
    : "It has changed since this was shown.";

customElements.define("sc-files", Files);
