// How fast a log grows, and how long it is: "2.7 KB/s · 1.2 MB".
const SPAN_MS = 4000;
const TICK_MS = 1000;
const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytesText(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export class Pace {
  #element;
  #marks = [];
  #size = 0;

  constructor(element) {
    this.#element = element;
  }

  note(size) {
    this.#size = size;
    this.#marks.push([performance.now(), size]);
    this.#show(false);
  }

  /** Returns what ends it. */
  run() {
    const timer = setInterval(() => this.#show(true), TICK_MS);
    return () => clearInterval(timer);
  }

  end() {
    this.#marks = [];
    this.#show(true);
  }

  #show(isTick) {
    if (!isTick && this.#element.textContent) return;
    const now = performance.now();
    while (this.#marks.length > 1 && now - this.#marks[0][0] > SPAN_MS) this.#marks.shift();
    const grown = this.#marks.length > 1 ? this.#size - this.#marks[0][1] : 0;
    const pace = grown > 0 && this.#marks.length ? `${bytesText(grown / ((now - this.#marks[0][0]) / 1000))}/s · ` : "";
    this.#element.textContent = this.#size ? pace + bytesText(this.#size) : "";
  }
}
