// The list of all keys of a page; loaded when somebody asks for it.

/** `marked` elements and `bound` keys. */
export function showKeys(marked, bound) {
  const dialog = document.createElement("dialog");
  dialog.className = "keys";
  dialog.setAttribute("aria-label", "Keys");
  const title = document.createElement("h2");
  title.textContent = "Keys";
  const list = document.createElement("dl");
  for (const [keys, say] of namesOf(marked, bound)) list.append(...entryOf(keys, say));
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  const menu = document.createElement("menu");
  menu.append(close);
  dialog.append(title, list, menu);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function namesOf(marked, bound) {
  const known = new Map(marked.map((each) => [each.dataset.keys, nameOf(each)]));
  for (const [keys, { say }] of bound) if (say) known.set(keys, say);
  return known;
}

function entryOf(keys, say) {
  const term = document.createElement("dt");
  const key = document.createElement("kbd");
  key.textContent = keys;
  term.append(key);
  const what = document.createElement("dd");
  what.textContent = say;
  return [term, what];
}

function nameOf(element) {
  const words = element.getAttribute("aria-label") || element.placeholder;
  if (words) return words;
  const copy = element.cloneNode(true);
  for (const each of copy.querySelectorAll("kbd, .badge, [aria-hidden]")) each.remove();
  return copy.textContent.trim();
}
