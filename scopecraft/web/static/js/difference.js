// Two states of an artifact, side by side where there is room for two.
import { read } from "./artifact.js";
import { tell } from "./news.js";
import { EditorState, EditorView, MergeView, getChunks, lineNumbers, markdown, theme, unifiedMergeView } from "../vendor/codemirror.js";

const LEAST_BESIDE_PIXELS = 600;
const DIFF = { scanLimit: 2000, timeout: 1000 };
const FOLDED = { margin: 4, minSize: 8 };

/** Whether there is room for two texts side by side. */
export const isNarrow = (place) => place.clientWidth < LEAST_BESIDE_PIXELS;

/** What every editor of ours has. */
export const looks = (name) => [theme, lineNumbers(), EditorView.lineWrapping, /\.(md|markdown)$/i.test(name) ? markdown() : []];

const readOnly = [EditorState.readOnly.of(true), EditorView.editable.of(false)];

/** Shown in `place`: the two states that it names, and how much differs. */
export async function compare(file, place) {
  const { from, to } = place.dataset;
  const { raw, name } = file.dataset;
  try {
    const [before, after] = await Promise.all([read(`${raw}/versions/${from}`), read(to ? `${raw}/versions/${to}` : raw)]);
    if (before.text === null || after.text === null) return tell(file, "No text, or too long to compare here.");
    const view = show(place, name, before.text, after.text);
    say(file, before.sha === after.sha ? "Both are the same" : count(view));
  } catch (error) {
    tell(file, `${error.message}.`);
  }
  return undefined;
}

function show(place, name, before, after) {
  place.replaceChildren();
  const mine = [...looks(name), ...readOnly];
  const label = (text) => EditorView.contentAttributes.of({ "aria-label": `${name}, ${text}`, tabindex: "0" });
  if (isNarrow(place)) {
    const merged = unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: FOLDED, diffConfig: DIFF });
    return new EditorView({ parent: place, doc: after, extensions: [...mine, label("both"), merged] });
  }
  return new MergeView({
    parent: place,
    a: { doc: before, extensions: [...mine, label("before")] },
    b: { doc: after, extensions: [...mine, label("after")] },
    collapseUnchanged: FOLDED,
    diffConfig: DIFF,
  });
}

function count(view) {
  const chunks = view.chunks ?? getChunks(view.state)?.chunks ?? [];
  return `${chunks.length} ${chunks.length === 1 ? "place differs" : "places differ"}`;
}

function say(file, text) {
  file.querySelector("[data-difference-said]").textContent = text;
}
