// The list of sessions: times go on, and the focus walks by keys.
import "./ages.js";
import { bind } from "./keys.js";

/** The focus goes to the next row, or the one before. */
function walk(by) {
  const links = [...document.querySelectorAll(".sessions .task a")];
  const here = links.indexOf(document.activeElement);
  (links[here + by] ?? links[here < 0 ? 0 : here])?.focus();
}

bind("j", () => walk(1), "The next session");
bind("k", () => walk(-1), "The one before");
