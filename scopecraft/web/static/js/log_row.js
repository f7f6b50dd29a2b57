// One row of a log as an element. What an agent wrote becomes text nodes, never markup.
import { ask } from "./act.js";

const VERDICTS = /\b(?:PASS(?:ED)?|FAIL(?:ED|URE)?|ERRORS?|SKIPPED|XFAIL|WARNINGS?)\b/g;
const MOODS = { P: "good", F: "bad", E: "bad", S: "caution", X: "caution", W: "caution" };
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const made = (tag, name, text = "") => {
  const element = document.createElement(tag);
  element.className = name;
  if (text) element.textContent = text;
  return element;
};

/** The text with verdicts of tests in their colour, and what was searched for marked. */
function fill(element, text, needle, isOutput) {
  const marks = [];
  if (isOutput) for (const found of text.matchAll(VERDICTS)) marks.push([found.index, found[0].length, "span", MOODS[found[0][0]]]);
  if (needle) {
    const lowered = text.toLowerCase();
    for (let at = lowered.indexOf(needle); at >= 0; at = lowered.indexOf(needle, at + needle.length)) marks.push([at, needle.length, "mark", ""]);
  }
  let end = 0;
  for (const [at, length, tag, name] of marks.sort((one, two) => one[0] - two[0])) {
    if (at < end) continue;
    element.append(text.slice(end, at), made(tag, name, text.slice(at, at + length)));
    end = at + length;
  }
  element.append(text.slice(end));
}

function timeOf(at) {
  const element = made("time", "when");
  const moment = at ? new Date(at) : null;
  if (!moment || Number.isNaN(moment.getTime())) return element;
  element.textContent = CLOCK.format(moment);
  element.dateTime = at;
  element.title = DAY.format(moment);
  return element;
}

/** `at` is the best known time; `needle` what was searched, in lower case. */
export function rowElement(row, { at, needle, session }) {
  const element = made("div", `row ${row.kind} ${row.mood}`);
  Object.assign(element.dataset, { offset: row.offset, nth: row.nth, end: row.end });
  if (row.subagent) element.classList.add("subagent");
  element.tabIndex = -1;
  element.piece = row.piece;
  const title = made("b", "title", row.title);
  title.title = row.title;
  const body = made("div", "body");
  const text = made("div", "text");
  fill(text, row.text, needle, row.kind === "result" || row.kind === "text");
  if (row.more) body.append(opener(row, text, { session, needle }));
  else body.append(text);
  element.append(timeOf(at), title, body);
  return element;
}

/** What opens the rest of a row: of a tool its own line, else a line under the text. */
function opener(row, text, { session, needle }) {
  const group = made("div", "opens");
  const button = made("button", "open");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const full = made("pre", "full");
  full.hidden = true;
  full.tabIndex = 0;
  if (row.kind === "tool") {
    button.append(made("span", "arrow"), text);
    group.append(button, full);
  } else {
    button.append(made("span", "arrow"), made("span", "", row.left ? `${row.left.toLocaleString("en")} more line${row.left > 1 ? "s" : ""}` : "all of it"));
    group.append(text, button, full);
  }
  if (needle && !`${row.title}\n${row.text}`.toLowerCase().includes(needle)) button.append(made("mark", "", "found in there"));
  button.addEventListener("click", () => toggle(row, { button, full, text: row.kind === "tool" ? null : text, session, needle }));
  return group;
}

async function toggle(row, { button, full, text, session, needle }) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  if (!isOpen && !full.textContent) {
    button.setAttribute("aria-busy", "true");
    try {
      const told = await ask("GET", `/api/sessions/${session}/log/${row.offset}?nth=${row.nth}`);
      fill(full, told.text + (told.is_cut ? "\n… there is more: download the raw log" : ""), needle, row.kind === "result");
    } catch (error) {
      full.textContent = error.message;
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
  button.setAttribute("aria-expanded", String(!isOpen));
  full.hidden = isOpen;
  if (text) text.hidden = !isOpen;
}

/** A message in pieces is one row: the text of `later` goes on where `element` ends. */
export function join(element, later) {
  element.querySelector(".text").append(...later.querySelector(".text").childNodes);
  element.dataset.end = later.dataset.end;
}
