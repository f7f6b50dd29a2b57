// An artifact is edited here. Nothing that a person typed is lost: it outlives a reload, and what the agent wrote
// meanwhile is shown beside it instead of being overwritten.
import { ask } from "./act.js";
import { lineEnd, read } from "./artifact.js";
import { isNarrow, looks } from "./difference.js";
import { tell } from "./news.js";
import { toast } from "./toast.js";
import { EditorState, EditorView, MergeView, basicSetup, indentWithTab, keymap, unifiedMergeView } from "../vendor/codemirror.js";

const KEPT_SOON_MS = 250;

/** Opens the editor of `file` in `place`. Returns what closes it. */
export function edit(file, place, mission) {
  const editing = new Editing(file, place, `edit:${mission}:${file.dataset.name}`);
  editing.begin();
  return () => editing.end();
}

class Editing {
  #view = null;
  #base = { text: "", sha: "" };
  #timer = 0;
  #undo = [];

  constructor(file, place, key) {
    this.file = file;
    this.place = place;
    this.key = key;
  }

  async begin() {
    this.#bar();
    this.#hear(window, "beforeunload", (event) => this.isChanged && event.preventDefault());
    this.#hear(window, "pagehide", () => this.#keep());
    this.#hear(this.file, "overtaken", () => this.#overtaken());
    const kept = this.#kept();
    try {
      this.#base = await this.#now();
    } catch (error) {
      return this.#fail(error, kept);
    }
    if (!kept || kept.text === this.#base.text) return this.#show(this.#base.text);
    this.#show(kept.text, kept.sha !== this.#base.sha);
    return this.#say("Your unsaved edits are back");
  }

  end() {
    this.#keep();
    for (const undo of this.#undo.splice(0)) undo();
    this.#view?.destroy();
  }

  get text() {
    return (this.#view?.b ?? this.#view)?.state.sliceDoc() ?? "";
  }

  get isChanged() {
    return Boolean(this.#view) && this.text !== this.#base.text;
  }

  #hear(target, kind, act) {
    target.addEventListener(kind, act);
    this.#undo.push(() => target.removeEventListener(kind, act));
  }

  #bar() {
    const bar = document.createElement("div");
    bar.className = "editor-bar";
    this.save_ = button("Save", "main", () => this.save());
    this.drop = button("Discard", "", () => this.#discard());
    this.said = document.createElement("span");
    this.said.className = "quiet-text push";
    this.said.setAttribute("role", "status");
    const keys = document.createElement("kbd");
    keys.textContent = "Ctrl+S";
    this.save_.append(keys);
    bar.append(this.save_, this.drop, this.said);
    this.field = document.createElement("div");
    this.field.className = "editor-field";
    this.place.replaceChildren(bar, this.field);
  }

  /** The text in an editor; beside what is there now, where that is something else than what it was made of. */
  #show(text, isOvertaken = false) {
    const keepsFocus = this.#view !== null;
    this.#view?.destroy();
    this.field.replaceChildren();
    const extensions = this.#extensions(text);
    if (!isOvertaken) this.#view = new EditorView({ parent: this.field, doc: text, extensions });
    else this.#beside(text, extensions);
    if (keepsFocus || document.activeElement === document.body) (this.#view.b ?? this.#view).focus();
    this.#changed();
  }

  #beside(text, extensions) {
    tell(this.file, "It was changed meanwhile. Saving puts your text in its place; the other one stays a version.");
    if (isNarrow(this.field)) {
      const merged = unifiedMergeView({ original: this.#base.text, mergeControls: choice });
      this.#view = new EditorView({ parent: this.field, doc: text, extensions: [...extensions, merged] });
      return;
    }
    const fixed = [...looks(this.file.dataset.name), EditorState.readOnly.of(true), named("what is there now")];
    this.#view = new MergeView({
      parent: this.field, a: { doc: this.#base.text, extensions: fixed }, b: { doc: text, extensions },
      revertControls: "a-to-b", collapseUnchanged: { margin: 4, minSize: 8 },
    });
  }

  #extensions(text) {
    return [
      EditorState.lineSeparator.of(lineEnd(text)),
      keymap.of([{ key: "Mod-s", preventDefault: true, run: () => (this.save(), true) }, { key: "Escape", run: leave }, indentWithTab]),
      basicSetup,
      looks(this.file.dataset.name),
      named("your text"),
      EditorView.updateListener.of((update) => update.docChanged && this.#changed()),
    ];
  }

  #changed() {
    const isChanged = this.isChanged;
    this.save_.disabled = !isChanged;
    this.drop.disabled = !isChanged;
    this.#say(isChanged ? "Not saved" : "");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keep(), KEPT_SOON_MS);
  }

  async save() {
    if (!this.isChanged || this.save_.disabled) return;
    const text = this.text;
    this.save_.disabled = true;
    this.#say("Saving …");
    try {
      await ask("PUT", this.file.dataset.save, { content: text, expected: this.#base.sha || null });
    } catch (error) {
      return void (await this.#refused(error));
    }
    await this.#saved(text);
  }

  async #saved(text) {
    const now = await this.#now().catch(() => ({ text, sha: this.#base.sha }));
    const mine = this.text;
    this.#base = now;
    tell(this.file, "");
    if (now.text !== text) return this.#show(mine, true);
    if (this.#view.b) this.#show(mine);
    this.#changed();
    this.#keep();
    if (!this.isChanged) this.#say("Saved");
    this.#showAbout();
    return toast(`${this.file.dataset.name} is saved`);
  }

  /** Who left it so, and how long it is, in the words of the page itself. */
  async #showAbout() {
    const answer = await fetch(this.file.dataset.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    const about = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".file-about");
    if (about) this.file.querySelector(".file-about").textContent = about.textContent;
  }

  /** Where somebody else was first, theirs and mine stand side by side; for anything else the reason is told. */
  async #refused(error) {
    const now = error.status === 409 ? await this.#now().catch(() => null) : null;
    if (now && now.sha !== this.#base.sha) {
      const mine = this.text;
      this.#base = now;
      this.#show(mine, true);
    } else {
      toast(error.message, error.hint, "bad");
      this.#changed();
    }
  }

  async #overtaken() {
    const now = await this.#now().catch(() => null);
    if (!now || now.sha === this.#base.sha || this.save_.getAttribute("aria-busy")) return;
    const mine = this.text;
    const wasChanged = this.isChanged;
    tell(this.file, "It has changed since you opened it.", wasChanged ? "Show both" : "Show what is there now", () => {
      this.#base = now;
      tell(this.file, "");
      this.#show(wasChanged || this.text !== mine ? this.text : now.text, wasChanged);
    });
  }

  #discard() {
    const text = this.#base.text;
    tell(this.file, "");
    this.#show(text);
    this.#keep();
  }

  /** As it is there now; it is what the next save expects. */
  async #now() {
    const found = await read(this.file.dataset.raw);
    if (found.text === null) throw new Error("It is no text any more");
    this.file.dataset.sha = found.sha;
    return found;
  }

  #fail(error, kept) {
    tell(this.file, `${error.message}.`, "Try again", () => location.reload());
    if (kept) this.#show(kept.text);
  }

  #kept() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  #keep() {
    clearTimeout(this.#timer);
    try {
      if (this.isChanged) sessionStorage.setItem(this.key, JSON.stringify({ text: this.text, sha: this.#base.sha }));
      else if (this.#view) sessionStorage.removeItem(this.key);
    } catch { /* too much to keep: leaving the page warns */ }
  }

  #say(text) {
    this.said.textContent = text;
  }
}

const named = (what) => EditorView.contentAttributes.of({ "aria-label": what });

/** Tab belongs to the text, so Escape gives the focus back. */
const leave = (view) => (view.contentDOM.blur(), view.dom.closest(".editor").querySelector("button:not(:disabled), a")?.focus(), true);

/** Of one place that differs. */
const choice = (kind, act) => {
  const made = button(kind === "accept" ? "Keep mine" : "Take theirs", "choice", act);
  made.addEventListener("mousedown", (event) => event.preventDefault());
  return made;
};

function button(label, kind, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}
