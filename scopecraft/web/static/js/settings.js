// Settings: the theme and notices of this browser, a filter, and why a value was refused, beside it.
import "./rules.js";
import { toast } from "./toast.js";

const root = document.documentElement;

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { toast("This browser keeps nothing", "it holds for this page only", "bad"); }
}

function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function showTheme() {
  const chosen = document.querySelector(`[name="theme"][value="${root.dataset.theme}"]`);
  if (chosen) chosen.checked = true;
}

function onTheme(event) {
  root.dataset.theme = event.target.value;
  keep("theme", event.target.value);
  for (const each of document.querySelectorAll("[data-theme-switch]")) each.lastChild.textContent = ` theme: ${event.target.value}`;
}

/** What the browser says of notices beside what the person wants. */
function showNotices() {
  const box = document.querySelector("[data-notices]");
  const said = document.querySelector("[data-notices-said]");
  const can = "Notification" in window;
  const isRefused = can && Notification.permission === "denied";
  box.disabled = !can || isRefused;
  box.checked = can && kept("notices") === "on" && Notification.permission === "granted";
  if (!can) said.textContent = "This browser has no notices.";
  else if (isRefused) said.textContent = "The browser was told never to; it can be allowed beside the address.";
  else said.textContent = box.checked ? "While a page of this is open, in any tab." : "Off until you turn it on; the browser asks once.";
}

async function onNotices(event) {
  const wanted = event.target.checked;
  if (wanted && Notification.permission === "default") await Notification.requestPermission();
  keep("notices", wanted && Notification.permission === "granted" ? "on" : "off");
  showNotices();
}

function onFilter(event) {
  const words = event.target.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  document.querySelector("[data-unfiltered]").hidden = words.length > 0;
  let found = 0;
  for (const section of document.querySelectorAll("[data-section]")) {
    let here = 0;
    for (const each of section.querySelectorAll("[data-setting]")) {
      const text = `${each.querySelector(".name").textContent} ${each.querySelector(".about p").textContent}`.toLowerCase();
      each.hidden = !words.every((word) => text.includes(word));
      here += each.hidden ? 0 : 1;
    }
    section.hidden = here === 0;
    if (words.length) section.open = here > 0;
    found += here;
  }
  document.querySelector("[data-none]").hidden = found > 0;
}

function onRefused(event) {
  const why = event.target.querySelector?.("[data-why]");
  if (!why) return;
  why.textContent = [event.detail.message, event.detail.hint].filter(Boolean).join("; ");
  why.hidden = false;
  event.target.elements.value.setAttribute("aria-invalid", "true");
}

for (const each of document.querySelectorAll('[name="theme"]')) each.addEventListener("change", onTheme);
document.querySelector("[data-notices]").addEventListener("change", onNotices);
document.querySelector("[data-filter]").addEventListener("input", onFilter);
document.addEventListener("refused", onRefused);
new MutationObserver(showTheme).observe(root, { attributeFilter: ["data-theme"] });
showTheme();
showNotices();
