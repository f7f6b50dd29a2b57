// Which rows of a log are shown: the same choice for the API and for what comes in live.
const ALL = ["message", "user", "text", "tool", "result", "thinking", "note", "usage", "error", "alert"];

export class Filter {
  kinds = null; // null: of every kind
  search = "";
  errors = false;

  /** As the controls in `bar` stand. */
  read(bar) {
    const off = [...bar.querySelectorAll("[data-kinds][aria-pressed=false]")].flatMap((each) => each.dataset.kinds.split(" "));
    this.kinds = off.length ? ALL.filter((kind) => !off.includes(kind)) : null;
    this.search = bar.querySelector("[name=search]").value.trim().toLowerCase();
    this.errors = bar.querySelector("[data-errors]").getAttribute("aria-pressed") === "true";
  }

  get isOn() {
    return Boolean(this.kinds || this.search || this.errors);
  }

  fits(row) {
    if (this.kinds && !this.kinds.includes(row.kind)) return false;
    if (this.errors && row.mood !== "bad") return false;
    return !this.search || row.text.toLowerCase().includes(this.search) || row.title.toLowerCase().includes(this.search);
  }

  /** For the API. */
  get asked() {
    return {
      ...(this.kinds && { kinds: this.kinds.join(",") }),
      ...(this.search && { search: this.search }),
      ...(this.errors && { errors: "true" }),
    };
  }
}
