// The line is put in order: by dragging, by keys on the focused row, by the buttons of a row.
import { act } from "./act.js";
import "./ages.js";
import { bind } from "./keys.js";
import { live } from "./live.js";
import { changed } from "./refresh.js";
import "./rules.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1, K: -1, J: 1 };
let dragged = null;
let hasNews = false; // which wait until the hand lets go
let moving = 0; // moves that the server has not answered yet
let movedAt = 0; // when it answered the last one
let askedAt = 0; // when this page was asked for last

const list = () => document.querySelector("[data-line]");
const rows = () => [...(list()?.children ?? [])];
const rowOf = (target) => target.closest?.("[data-line] > li");

function announce(text) {
  document.querySelector("[data-announce]").textContent = text;
}

/** To a place, from 1: at once on the screen, then in the line itself; what is refused shows the line as it is. */
async function moveTo(row, place) {
  const all = rows();
  if (place < 1 || place > all.length || all.indexOf(row) + 1 === place) return;
  const had = document.activeElement;
  put(row, place);
  if (row.contains(had)) had.focus();
  announce(`${row.dataset.task}: place ${place} of ${all.length}`);
  moving += 1;
  const done = await act(row, "POST", `/api/queue/line/${row.dataset.session}/move`, { place });
  moving -= 1;
  movedAt = performance.now();
  if (!done) announce(`${row.dataset.task} could not be moved`);
  changed("queue");
}

function put(row, place) {
  const others = rows().filter((each) => each !== row);
  list().insertBefore(row, others[place - 1] ?? null);
  rows().forEach((each, at) => { each.querySelector(".place").textContent = at + 1; });
}

const step = (row, by) => moveTo(row, rows().indexOf(row) + 1 + by);

function onKey(event) {
  const row = rowOf(event.target);
  if (!row || event.target !== row || event.ctrlKey || event.metaKey) return;
  const isArrow = event.key.startsWith("Arrow");
  if (event.key in STEPS && isArrow === event.altKey) step(row, STEPS[event.key]);
  else if (event.key === "x" || event.key === "Delete") row.querySelector("[data-remove]").click();
  else if (event.key === "Enter") row.querySelector("a").click();
  else return;
  event.preventDefault();
}

/** The focus goes up or down the line. */
function walk(by) {
  const all = rows();
  const here = all.indexOf(rowOf(document.activeElement) ?? null);
  (all[here + by] ?? all[here < 0 ? 0 : here])?.focus();
}

function onDragStart(event) {
  dragged = rowOf(event.target);
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.task);
  dragged.classList.add("dragged");
}

function onDragOver(event) {
  const over = rowOf(event.target);
  if (!dragged || !list()?.contains(event.target)) return;
  event.preventDefault();
  for (const each of rows()) each.classList.toggle("target", each === over && each !== dragged);
}

function onDrop(event) {
  const over = rowOf(event.target);
  if (!dragged || !over) return;
  event.preventDefault();
  const moved = dragged;
  endDrag();
  moveTo(moved, rows().indexOf(over) + 1);
}

function endDrag() {
  for (const each of rows()) each.classList.remove("dragged", "target");
  dragged = null;
  if (hasNews) changed("queue");
  hasNews = false;
}

/** What was asked for before a move was done shows the line as it was before: it must not undo it on the screen. */
function onSwap(event) {
  const isLine = event.target.contains(list());
  if (!isLine || (!dragged && !moving && askedAt > movedAt)) return;
  event.preventDefault();
  if (dragged) hasNews = true;
  else if (!moving) changed("queue");
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) step(rowOf(button), Number(button.dataset.step));
});
document.addEventListener("dragstart", onDragStart);
document.addEventListener("dragover", onDragOver);
document.addEventListener("drop", onDrop);
document.addEventListener("dragend", endDrag);
document.addEventListener("htmx:before:request", () => { askedAt = performance.now(); });
document.addEventListener("htmx:before:swap", onSwap);
bind("j", () => walk(1), "The next one in line");
bind("k", () => walk(-1), "The one before");
bind("Alt ↑", () => {}, "Move the focused one up, or K");
bind("Alt ↓", () => {}, "Move the focused one down, or J");
live.on("activity", (said) => {
  const place = document.querySelector(`[data-said-by="${said.session}"]`);
  const text = said.question || said.tool || said.last_message;
  if (place && text) place.textContent = text;
});
