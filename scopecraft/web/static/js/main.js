// What every page does: keys, actions, live news, theme.
import "./act.js";
import { bind } from "./keys.js";
import { live } from "./live.js";
import "./needs.js";
import "./refresh.js";

const root = document.documentElement;
const THEMES = ["auto", "light", "dark"];

/** The next theme, kept for the next visit. */
function switchTheme() {
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  root.dataset.theme = theme;
  try { localStorage.setItem("theme", theme); } catch { /* it holds for this page then */ }
  showTheme();
}

function showTheme() {
  for (const each of document.querySelectorAll("[data-theme-switch]")) {
    each.lastChild.textContent = ` theme: ${root.dataset.theme}`;
  }
}

for (const each of document.querySelectorAll("[data-theme-switch]")) each.addEventListener("click", switchTheme);
showTheme();
bind("g d", switchTheme, "Change the theme");

const connection = document.querySelector("[data-connection]");
live.on("state", (state) => {
  connection.hidden = state === "up";
  connection.textContent = state === "out" ? "This browser is not known any more: sc open" : "The supervisor is gone; it is asked again … Start it: sc up";
});
// by then all scripts of the page listen
document.addEventListener("DOMContentLoaded", () => live.open());
