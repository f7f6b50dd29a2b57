// The list of missions: moving in it with keys, and what its rows cost while agents work.
import { bind } from "./keys.js";
import { live } from "./live.js";

const rows = () => [...document.querySelectorAll("#missions tr[data-mission]")];
const linkOf = (row) => row?.querySelector(".title a");
const chosen = () => document.activeElement?.closest?.("tr[data-mission]");
let last = "";

/** By so many rows from the one that has the focus, else from the one that had it last. */
function move(by) {
  const all = rows();
  const here = chosen() ?? all.find((row) => row.dataset.mission === last);
  const next = here ? Math.min(Math.max(all.indexOf(here) + by, 0), all.length - 1) : 0;
  linkOf(all[next])?.focus();
}

/** What is to be approved is shown first: on the page of the mission. */
function approve() {
  const row = chosen() ?? rows().find((each) => each.dataset.stage === "gate");
  if (row) location.assign(`${linkOf(row).pathname}#gate`);
}

bind("j", () => move(1), "Next mission");
bind("k", () => move(-1), "Mission before");
bind("ArrowDown", () => move(1));
bind("ArrowUp", () => move(-1));
bind("a", approve, "Look at what is to be approved");
bind("Enter", () => linkOf(chosen() ?? rows()[0])?.click(), "Open it");
document.addEventListener("focusin", (event) => { last = event.target.closest?.("tr[data-mission]")?.dataset.mission ?? last; });

const told = new Map();

/** A row has what its ended sessions cost; what live ones cost is added as they tell it. */
function showCosts() {
  for (const row of document.querySelectorAll("#missions tr[data-sessions]")) {
    const costs = row.dataset.sessions.split(" ").map((session) => told.get(session)).filter((cost) => cost != null);
    if (!costs.length) continue;
    const sum = costs.reduce((total, cost) => total + cost, Number(row.dataset.cost ?? 0));
    row.querySelector("[data-cost-shown]").textContent = `$${sum.toFixed(sum >= 0.095 ? 2 : 3)}`;
  }
}

live.on("activity", (said) => {
  if (said.cost_usd == null) return;
  told.set(said.session, said.cost_usd);
  showCosts();
});

document.addEventListener("htmx:after:swap", showCosts);

/** Git is asked for each worktree, which takes a while: the table stands already. */
async function askWorktrees() {
  for (const table of document.querySelectorAll("[data-worktrees]")) {
    const answer = await fetch(`/parts/worktrees?project=${encodeURIComponent(table.dataset.worktrees)}`).catch(() => null);
    if (!answer?.ok) continue;
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const state of told.querySelectorAll("[data-of]")) {
      const cell = table.querySelector(`[data-dirty="${state.dataset.of}"]`);
      if (cell) Object.assign(cell, { textContent: state.textContent.trim(), className: `dirty ${state.className}` });
    }
  }
}
askWorktrees();
