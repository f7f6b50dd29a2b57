// One mission: its tabs, what it costs while it works, and what a person says at its gate.
import { act, ask } from "./act.js";
import "./ages.js";
import { live } from "./live.js";
import { toast } from "./toast.js";

const place = document.querySelector("[data-mission-page]");
const id = place.dataset.missionPage;
const gate = () => document.getElementById("gate");
const dialogs = () => import("./mission_dialogs.js");

/** The comments on lines that were written beside the difference. */
export function comments() {
  try { return JSON.parse(sessionStorage.getItem(`comments:${id}`)) ?? []; } catch { return []; }
}

function showComments() {
  const shown = gate()?.querySelector("[data-comments]");
  if (!shown) return;
  const found = comments();
  shown.hidden = !found.length;
  shown.textContent = found.length ? `${found.length} ${found.length === 1 ? "comment goes" : "comments go"} into the reason of what you send back` : "";
}

/** Approve exactly what is shown: what has changed meanwhile is shown instead. */
async function approve(button) {
  const { seen, step } = gate().dataset;
  const question = gate().querySelector("[data-uncommitted]");
  const chosen = question?.querySelector("input:checked");
  if (question && !chosen) {
    toast("Say first what becomes of what is not committed");
    return question.querySelector("input").focus();
  }
  const body = { step, seen: JSON.parse(seen), ...(chosen && { commit: chosen.value === "commit" }) };
  await move(button, "approve", body, "Approved");
}

async function reject(button) {
  const { askWhy } = await dialogs();
  const reason = await askWhy(comments());
  if (!reason) return;
  const sent = await move(button, "reject", { step: gate().dataset.step, reason }, "Sent back with your reason");
  if (sent) sessionStorage.removeItem(`comments:${id}`);
  showComments();
}

/** Whether it was done; what the move could not let begin is told. */
async function move(button, how, body, done) {
  button.setAttribute("aria-busy", "true");
  try {
    told(await ask("POST", `/api/missions/${id}/${how}`, body));
    toast(done);
    return true;
  } catch (error) {
    toast(error.message, error.status === 409 ? "Nothing was done. Look at what is shown now." : error.hint, "bad");
    if (error.status === 409) gate().classList.add("fresh");
    return false;
  } finally {
    button.removeAttribute("aria-busy");
    for (const each of document.querySelectorAll(`[data-live~="mission:${id}"]`)) each.dispatchEvent(new Event("changed"));
  }
}

function told(answer) {
  for (const refusal of answer?.refusals ?? []) toast(refusal.message, refusal.hint, "bad");
}

async function back(button) {
  const { askStep } = await dialogs();
  const step = await askStep(JSON.parse(button.dataset.steps), JSON.parse(button.dataset.names));
  if (step) told(await act(button, "POST", `/api/missions/${id}/back`, { step }));
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast("Copied");
  } catch { getSelection().selectAllChildren(button); }
}

const PRESSED = {
  "[data-approve]": approve,
  "[data-reject]": reject,
  "[data-back]": back,
  "[data-copy]": copy,
  "[data-unfold]": (button) => button.closest(".beside").toggleAttribute("data-unfolded"),
};

document.addEventListener("click", (event) => {
  for (const [selector, press] of Object.entries(PRESSED)) {
    const button = event.target.closest(selector);
    if (button && !button.disabled) press(button);
  }
  const menu = document.querySelector(".menu[open]");
  if (menu && (!menu.contains(event.target) || event.target.closest(".menu-list button"))) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("acted", (event) => told(event.detail));

let isToBeRead = location.hash === "#gate";

/** Who comes to approve sees at once what that is: the document, or the difference. */
function showWhatWaits() {
  const link = [...document.querySelectorAll("#gate .approved a[data-tab]")].at(-1);
  if (!isToBeRead || !link) return;
  isToBeRead = false;
  link.click();
}

/** The tab that is open is marked, whoever opened it. */
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  showComments();
  showFigures();
  showWhatWaits();
  if (ctx.target?.id !== "tab") return;
  const name = new URL(location.href).pathname.split("/")[3] ?? "log";
  document.getElementById("tab").dataset.tabOpen = name;
  for (const link of document.querySelectorAll("[data-tabs] a")) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
});
/** Somebody removed it elsewhere: what stands here is the last that was known. */
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.id === "mission-head" && ctx.response.status === 404) toast("This mission is not here any more", "sc restore brings back what was removed", "bad");
});
window.addEventListener("storage", showComments);
window.addEventListener("comments", showComments);
window.addEventListener("focus", showComments, true);

const said = new Map();
const tokensIn = (each) => each.input_tokens + each.cache_read_tokens + each.cache_write_tokens;
const money = (dollars) => `$${dollars.toFixed(dollars >= 0.095 ? 2 : 3)}`;

/** What ended sessions used is in the page; what live ones use is added as they tell it. */
function showFigures() {
  const figures = document.querySelector("[data-figures]");
  const now = figures.dataset.sessions.split(" ").map((session) => said.get(session)).filter(Boolean);
  if (!now.length) return;
  const sum = (of, base) => now.reduce((total, each) => total + (of(each) ?? 0), Number(base ?? 0));
  const put = (name, text) => { figures.querySelector(`[data-figure=${name}]`).textContent = text; };
  put("in", sum(tokensIn, figures.dataset.in).toLocaleString("en"));
  put("out", sum((each) => each.output_tokens, figures.dataset.out).toLocaleString("en"));
  if (figures.dataset.cost || now.some((each) => each.cost_usd != null)) put("cost", money(sum((each) => each.cost_usd, figures.dataset.cost)));
  for (const each of now) {
    const used = document.querySelector(`[data-used="${each.session}"]`);
    if (used) used.textContent = each.cost_usd == null ? (each.turns ? ` · ${each.turns} turns` : "") : ` · ${money(each.cost_usd)}`;
  }
}

live.on("activity", (each) => {
  said.set(each.session, each);
  showFigures();
});

/** What the page before has left to be said. */
function sayWhatIsLeft() {
  const left = sessionStorage.getItem("said");
  if (!left) return;
  sessionStorage.removeItem("said");
  toast(...JSON.parse(left), "bad");
}

// the gate may have come before this script
showComments();
showWhatWaits();
sayWhatIsLeft();
if (location.hash === "#gate") gate()?.focus();
