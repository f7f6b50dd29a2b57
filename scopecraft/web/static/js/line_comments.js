// Comments in their place in a diff: a button at the line that the mouse or the keyboard is at, a box below it.
import { comment, commentsOf, isAt } from "./comments.js";

export class LineComments {
  #button = made("button", { type: "button", className: "to-comment", textContent: "+" });
  #undo = [];

  constructor(root, mission) {
    this.root = root;
    this.mission = mission;
    this.#button.setAttribute("aria-label", "Comment on this line");
    this.#button.addEventListener("click", () => this.write(this.#button.closest("tr")));
    root.addEventListener("mouseover", (event) => this.#offer(event.target.closest?.("tr[data-n], tr[data-o]")));
    const onChanged = ({ detail }) => detail.mission === mission && this.show();
    document.addEventListener("comments", onChanged);
    this.#undo.push(() => document.removeEventListener("comments", onChanged));
  }

  end() {
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** All that were said, below their lines; those of lines that are not there any more stand in the count only. */
  show() {
    for (const each of this.root.querySelectorAll("tr.comment:not(.writing)")) each.remove();
    const comments = commentsOf(this.mission);
    for (const each of comments) {
      const row = this.#rowOf(each);
      if (row && !row.nextElementSibling?.classList.contains("writing")) row.after(this.#said(row, each));
    }
    return comments;
  }

  /** A box to write in, below the line. */
  write(row) {
    if (!row || row.nextElementSibling?.classList.contains("writing")) return;
    const place = placeOf(row);
    const before = commentsOf(this.mission).find((each) => isAt(each, place));
    if (before) row.nextElementSibling?.remove();
    const text = made("textarea", { value: before?.text ?? "" });
    text.setAttribute("aria-label", `Comment on line ${place.line} of ${place.file}`);
    const writing = boxed([text, menu([["Comment", "main", () => done(text.value)], ["Cancel", "", () => done(null)]])]);
    writing.classList.add("writing");
    const done = (value) => {
      writing.remove();
      if (value === null) this.show();
      else comment(this.mission, place, value);
      row.closest(".lines").focus({ preventScroll: true });
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") done(null);
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) done(text.value);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    row.after(writing);
    text.focus();
  }

  #offer(row) {
    if (!row || row.contains(this.#button)) return;
    this.#button.parentElement?.classList.remove("offered");
    const place = row.querySelector("td.code");
    place.classList.add("offered");
    place.append(this.#button);
  }

  #rowOf({ file, line, side }) {
    const change = [...this.root.querySelectorAll("[data-change]")].filter((each) => each.dataset.path === file);
    const row = side === "old" ? `tr.removed[data-o="${Number(line)}"]` : `tr[data-n="${Number(line)}"]`;
    return change.map((each) => each.querySelector(row)).find(Boolean);
  }

  #said(row, said) {
    const text = made("p", { textContent: said.text });
    return boxed([text, menu([["Edit", "", () => this.write(row)], ["Remove", "", () => comment(this.mission, said, "")]])]);
  }
}

/** Which line of which file, and what it says. */
function placeOf(row) {
  const side = row.dataset.n === undefined ? "old" : "new";
  const code = row.querySelector("td.code").cloneNode(true);
  code.querySelector(".to-comment")?.remove();
  return {
    file: row.closest("[data-change]").dataset.path,
    line: Number(side === "old" ? row.dataset.o : row.dataset.n),
    side,
    quote: code.textContent.slice(0, 200),
  };
}

function boxed(inside) {
  const row = made("tr", { className: "comment" });
  const cell = made("td", { colSpan: 3 });
  const box = made("div", { className: "comment-box" });
  box.append(...inside);
  cell.append(box);
  row.append(cell);
  return row;
}

function menu(buttons) {
  const found = document.createElement("div");
  for (const [label, className, act] of buttons) {
    const button = made("button", { type: "button", className, textContent: label });
    button.addEventListener("click", act);
    found.append(button);
  }
  return found;
}

const made = (tag, values) => Object.assign(document.createElement(tag), values);
