// Keys: one key, or two after one another such as "g m". Nothing happens while a person types into a field.
const bound = new Map();
let first = "";
let forget = 0;

const LOOK_MS = 600;
const lookedAt = new Map(); // keys: what they would agree to, and until when that is too new

/** `say` is how the list of keys names it; a later binding of the same keys wins. Returns what undoes it. */
export function bind(keys, act, say) {
  bound.set(keys, { act, say });
  return () => bound.get(keys)?.act === act && bound.delete(keys);
}

const isTyping = (target) =>
  target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], .cm-editor, .xterm");

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const keys = first ? `${first} ${event.key}` : event.key;
  first = "";
  if (run(keys, event.target, event.repeat)) return event.preventDefault();
  if ([...bound.keys(), ...marked().map((each) => each.dataset.keys)].some((each) => each.startsWith(`${keys} `))) {
    first = keys;
    clearTimeout(forget);
    forget = setTimeout(() => { first = ""; }, 1200);
  }
}

/** Elements that say by which keys they are pressed: those that are seen, and those of a menu that is closed. */
const marked = () => [...document.querySelectorAll("[data-keys]")].filter(
  (each) => !each.disabled && (each.checkVisibility() || each.closest("details.menu")?.checkVisibility()));

/** What has just come is looked at before a key agrees to it: `data-look-first` names what that is. */
function lookFirst() {
  for (const each of document.querySelectorAll("[data-look-first]")) {
    const { keys, lookFirst: about } = each.dataset;
    if (lookedAt.get(keys)?.about !== about) lookedAt.set(keys, { about, until: performance.now() + LOOK_MS });
    const left = lookedAt.get(keys).until - performance.now();
    each.toggleAttribute("data-fresh", left > 0);
    if (left > 0) setTimeout(() => each.removeAttribute("data-fresh"), left);
  }
}

const isTooNew = ({ dataset }) => "lookFirst" in dataset && performance.now() < (lookedAt.get(dataset.keys)?.until ?? Infinity);

function run(keys, target, isHeld) {
  const element = marked().find((each) => each.dataset.keys === keys);
  const binding = bound.get(keys);
  // Enter and the space bar belong to what has the focus
  if ((keys === "Enter" || keys === " ") && target.closest?.("a, button, summary, [role=button]")) return false;
  if (element && (isHeld || isTooNew(element))) return true;
  if (element) {
    if (element.matches("input, textarea, select")) element.focus();
    else element.click();
  } else if (binding) binding.act();
  return Boolean(element || binding);
}

/** A list of all keys that do something here. */
async function help() {
  const { showKeys } = await import("./keys_help.js");
  showKeys(marked(), bound);
}

document.addEventListener("keydown", onKey);
document.addEventListener("htmx:after:swap", lookFirst);
document.addEventListener("shown", lookFirst);
lookFirst();
for (const each of document.querySelectorAll("[data-keys-help]")) each.addEventListener("click", help);
bind("?", help, "This list");
