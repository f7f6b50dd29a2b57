// The journal grows at its top while one looks on, and at its end when one asks for what is older.
import { live } from "./live.js";
import { toast } from "./toast.js";

const list = document.querySelector("[data-journal]");
const form = document.querySelector("[data-journal-filter]");
const SOON_MS = 60;
let newest = Number(list.dataset.newest);
let asking = false;
let again = false;

/** A page of the journal; the server has made its lines safe. */
async function pageAt(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error("The journal cannot be read");
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function put(lines) {
  if (!lines.length) return;
  document.querySelector("[data-journal-empty]")?.remove();
  list.hidden = false;
  for (const line of lines) line.classList.add("new");
  list.prepend(...lines);
}

/** What was written since, however much that is. */
async function grow() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    do {
      again = false;
      const found = (await pageAt(`${list.dataset.journal}&after=${newest}`)).querySelector("[data-newest]");
      const place = Number(found.dataset.newest);
      put([...found.children]);
      again ||= place > newest && found.children.length > 0;
      newest = Math.max(newest, place);
    } while (again);
  } catch { /* the next event, or the connection that is back, asks again */ } finally {
    asking = false;
  }
}

async function older(event) {
  const link = event.target.closest("[data-older]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-busy")) return;
  link.setAttribute("aria-busy", "true");
  try {
    const page = await pageAt(link.href);
    const lines = [...page.querySelectorAll("[data-journal] > li")];
    list.append(...lines);
    list.hidden = !list.children.length;
    const next = page.querySelector("[data-older]");
    if (next) link.replaceWith(next);
    else link.closest(".older").remove();
    lines[0]?.querySelector("a")?.focus({ preventScroll: true });
  } catch (error) {
    link.removeAttribute("aria-busy");
    toast(error.message, "", "bad");
  }
}

let timer = 0;
const soon = () => { timer ||= setTimeout(() => { timer = 0; grow(); }, SOON_MS); };

if (!Number.isNaN(newest)) {
  live.on("event", soon);
  live.on("state", (state) => state === "up" && soon());
}
document.addEventListener("click", older);
form.addEventListener("change", () => form.requestSubmit());
