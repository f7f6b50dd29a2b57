// How many missions need a person, and how many wait in the queue: beside the names of the pages, and in the title.
const place = document.querySelector("[data-needs-here]");
const title = document.title;

function show(name, count) {
  const badge = document.querySelector(`[data-count=${name}]`);
  badge.hidden = !count;
  badge.textContent = count;
}

async function look() {
  const answer = await fetch("/parts/needs").catch(() => null);
  if (!answer?.ok) return;
  const told = await answer.json();
  show("needs", told.needs);
  show("waiting", told.queued);
  const plain = document.title.replace(/^\(\d+\) /, "") || title;
  document.title = told.needs ? `(${told.needs}) ${plain}` : plain;
  if (isWanted()) (await import("./notices.js")).tell(told.waiting);
}

const isWanted = () => {
  try { return localStorage.getItem("notices") === "on"; } catch { return false; }
};

if (place) {
  place.addEventListener("changed", look);
  look();
}
