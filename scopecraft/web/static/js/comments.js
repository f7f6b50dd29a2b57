// Comments on lines of a mission's diff. They wait in this tab until they go into the reason of a Reject.

const keyOf = (mission) => `comments:${mission}`;

/** `[{file, line, side, text, quote}]`: side is `new` or `old`, quote what the line says. */
export function commentsOf(mission) {
  try {
    const found = JSON.parse(sessionStorage.getItem(keyOf(mission)));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** One comment a line: `text` takes the place of what was said there, and an empty one takes it away. */
export function comment(mission, { file, line, side, quote = "" }, text) {
  const others = commentsOf(mission).filter((each) => !isAt(each, { file, line, side }));
  const said = text.trim();
  keep(mission, said ? [...others, { file, line, side, text: said, quote }] : others);
}

export function clearComments(mission) {
  keep(mission, []);
}

/** Words for an agent: by file and line, each with the line that it is about. */
export function reasonFrom(comments) {
  const inOrder = [...comments].sort((one, other) => one.file.localeCompare(other.file) || one.line - other.line);
  return inOrder.map(({ file, line, side, text, quote }) => {
    const where = side === "old" ? `${file}:${line} (removed)` : `${file}:${line}`;
    return quote?.trim() ? `${where}: ${text}\n> ${quote.trim()}` : `${where}: ${text}`;
  }).join("\n");
}

export const isAt = (one, { file, line, side }) => one.file === file && one.line === line && one.side === side;

function keep(mission, comments) {
  if (comments.length) sessionStorage.setItem(keyOf(mission), JSON.stringify(comments));
  else sessionStorage.removeItem(keyOf(mission));
  document.dispatchEvent(new CustomEvent("comments", { bubbles: true, detail: { mission, comments } }));
}
