// What just happened, for a while; what went wrong stays longer.
const SHOWN_MS = { "": 4000, bad: 12000 };

export function toast(message, hint = "", kind = "") {
  const place = document.querySelector("[data-toasts]");
  if (!place) return;
  const shown = document.createElement("div");
  shown.className = `toast ${kind}`;
  for (const text of [message, hint]) {
    if (!text) continue;
    const line = document.createElement("p");
    line.textContent = text;
    shown.append(line);
  }
  place.append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS[kind] ?? 4000);
  shown.addEventListener("click", () => shown.remove());
}
