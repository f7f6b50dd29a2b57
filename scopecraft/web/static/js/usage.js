// The picture of /usage is drawn of the table under it, and drawn again when that, the theme or the width changes.
import uPlot from "../vendor/uplot.js";
import { live } from "./live.js";

const HEIGHT = 200;
const LABEL_PIXELS = 64;
const ENDS = /^session_(started|ended|requeued)$/;
let drawn = null;

const area = () => document.querySelector("[data-picture]");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** What the table says, the oldest day first. */
function daysOf(rows) {
  return [...rows.tBodies[0].rows].reverse().map(({ dataset }) => ({
    label: dataset.label,
    cost: dataset.cost === "" ? null : Number(dataset.cost),
    tokens: Number(dataset.tokens),
    said: dataset.said,
  }));
}

const dollars = (value) => (value >= 100 || value === 0 ? `$${Math.round(value)}` : `$${value.toFixed(2)}`);

const count = (value) => Intl.NumberFormat("en", { notation: "compact" }).format(value);

function options(days, hasCosts, width) {
  const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px sans-serif" };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { setScale: false } },
    scales: {
      x: { time: false, range: [-0.6, days.length - 0.4] },
      y: { range: (_, least, most) => [Math.min(0, least), (most || 1) * 1.08] },
    },
    axes: [
      { ...axis, size: 30, grid: { show: false }, space: LABEL_PIXELS, incrs: [1, 2, 3, 7, 14, 30, 91, 365], values: (_, at) => at.map((each) => days[each]?.label.slice(4) ?? "") },
      { ...axis, size: 58, values: (_, at) => at.map(hasCosts ? dollars : count) },
    ],
    series: [{}, { fill: colour("accent"), stroke: colour("accent"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 46], radius: 0.12 }) }],
    hooks: { setCursor: [(plot) => tell(days[plot.cursor.idx])] },
  };
}

/** In words, what the pointer is at. */
function tell(day) {
  const place = document.querySelector("[data-picture-said]");
  if (place) place.textContent = day ? `${day.label}: ${day.said}` : "";
}

function draw() {
  drawn?.destroy();
  drawn = null;
  const rows = document.querySelector("[data-days]");
  const place = area();
  if (!rows || !place) return;
  const days = daysOf(rows);
  const hasCosts = days.some((day) => day.cost);
  document.querySelector("[data-picture-title]").textContent = hasCosts ? "Cost by day" : "Tokens by day";
  const values = days.map((day) => (hasCosts ? day.cost : day.tokens));
  place.replaceChildren();
  drawn = new uPlot(options(days, hasCosts, place.parentElement.clientWidth - 28), [days.map((_, at) => at), values], place);
}

let timer = 0;
/** Soon, and once for many. */
function drawSoon() {
  clearTimeout(timer);
  timer = setTimeout(draw, 30);
}

const changed = () => document.querySelector("[data-usage]")?.dispatchEvent(new CustomEvent("changed"));

live.on("event", (event) => ENDS.test(event.kind) && changed());
live.on("activity", changed);
live.on("state", (state, before) => state === "up" && before && changed());
document.addEventListener("htmx:after:settle", drawSoon);
document.querySelector("[data-usage-filter] select")?.addEventListener("change", (event) => event.target.form.requestSubmit());
new MutationObserver(drawSoon).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawSoon);
addEventListener("resize", drawSoon);
draw();
