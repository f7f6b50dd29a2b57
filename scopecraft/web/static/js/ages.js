// Times since something: they go on while one looks.
const EVERY_MS = 1000;

/** `42s`, `3m10s`, `2h05m`, `3d04h`, as everywhere else. */
export function lasting(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor((whole % 86400) / 3600))}h`;
}

function tick() {
  for (const each of document.querySelectorAll("time[data-since]")) {
    const shown = lasting((Date.now() - Date.parse(each.dataset.since)) / 1000);
    if (each.textContent !== shown) each.textContent = shown;
  }
}

setInterval(tick, EVERY_MS);
