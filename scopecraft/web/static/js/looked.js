// Which files of a mission's diff a person has looked at: by content, so that a file that changes again is new again.

const MOST = 4000;
const keyOf = (mission) => `looked:${mission}`;

export const markOf = (change) => `${change.dataset.path} ${change.dataset.contents}`;

export function lookedAt(mission) {
  try {
    return new Set(JSON.parse(localStorage.getItem(keyOf(mission))) ?? []);
  } catch {
    return new Set();
  }
}

/** Returns whether it counts as looked at now. */
export function turn(mission, mark) {
  const found = lookedAt(mission);
  const isLooked = !found.delete(mark);
  if (isLooked) found.add(mark);
  try {
    localStorage.setItem(keyOf(mission), JSON.stringify([...found].slice(-MOST)));
  } catch { /* it holds for this page then */ }
  return isLooked;
}
