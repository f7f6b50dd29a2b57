// What is shown follows what happens: elements say by data-live what they are about, and get `changed` when that changed.
import { live } from "./live.js";
import { toast } from "./toast.js";

const SOON_MS = 40;
const CALM_MS = 400; // between two looks while much happens
const waiting = new Set();
let timer = 0;
let flushed = 0;

const QUEUE_EVENTS = /^(queue_|session_(created|starting|started|ended|requeued))/;

/** What an event is about, in the words of data-live. */
export function subjects(event) {
  const found = ["journal"];
  if (event.mission_id) found.push(`mission:${event.mission_id}`);
  if (event.mission_id || event.kind.startsWith("queue_")) found.push("missions"); // who stands in line has a place
  if (event.session_id) found.push("sessions", `session:${event.session_id}`);
  if (QUEUE_EVENTS.test(event.kind)) found.push("queue");
  return found;
}

function flush() {
  timer = 0;
  flushed = performance.now();
  const about = [...waiting];
  waiting.clear();
  for (const element of document.querySelectorAll("[data-live]")) {
    if (element.dataset.live.split(" ").some((each) => about.includes(each))) {
      element.dispatchEvent(new CustomEvent("changed", { detail: { about } }));
    }
  }
}

/** Soon, and once for many. */
export function changed(...about) {
  for (const each of about) waiting.add(each);
  timer ||= setTimeout(flush, Math.max(SOON_MS, flushed + CALM_MS - performance.now()));
}

live.on("event", (event) => changed(...subjects(event)));
live.on("state", (state, before) => {
  if (state === "up" && before) changed(...[...document.querySelectorAll("[data-live]")].flatMap((each) => each.dataset.live.split(" ")));
});
document.addEventListener("acted", (event) => {
  const around = event.target.closest("[data-live]");
  if (around) changed(...around.dataset.live.split(" "));
});

/** What was refused does not take the place of what stands there, but for a tab that was asked for. */
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "tab") return;
  ctx.swap = "none";
  if (ctx.sourceElement.dataset.live) return; // nobody asked; the connection says what is wrong
  const said = new DOMParser().parseFromString(ctx.text, "text/html").querySelectorAll(".notice p");
  toast(said[0]?.textContent ?? `It was refused (${ctx.response.status})`, said[1]?.textContent, "bad");
});

/** Who pressed something is told that nobody answered; what asks by itself is not: the connection says what is wrong. */
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx?.sourceElement.matches("a, button, form, select") && !ctx.response) toast("The supervisor does not answer", "start it: sc up", "bad");
});
