// What is asked in a dialog on the page of a mission; loaded when it is asked for the first time.
import { reasonFrom } from "./comments.js";

function dialogOf(title, yes) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", title);
  const form = document.createElement("form");
  form.method = "dialog";
  const heading = document.createElement("h2");
  heading.textContent = title;
  const menu = document.createElement("menu");
  for (const [value, label, kind] of [["", "Cancel", ""], ["yes", yes, "main"]]) {
    const button = document.createElement("button");
    Object.assign(button, { value, textContent: label, className: kind, formNoValidate: !value });
    menu.append(button);
  }
  form.append(heading, menu);
  dialog.append(form);
  return { dialog, form, menu };
}

/** The value of the field once the person says yes, else nothing. */
function shown({ dialog, form, menu }, field) {
  form.insertBefore(field.closest("label") ?? field, menu);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(menu.lastChild);
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes" ? field.value : "");
  }));
}

function labelled(field, text) {
  const label = document.createElement("label");
  label.className = "field";
  const words = document.createElement("span");
  words.textContent = text;
  label.append(words, field);
  return label;
}

/** The reason why a work is sent back, with the comments on its lines below it. */
export async function askWhy(comments) {
  const parts = dialogOf("Request changes", "Send back");
  const field = document.createElement("textarea");
  field.required = true;
  field.placeholder = "what is not right yet: the agent gets it";
  field.value = reasonFrom(comments);
  labelled(field, comments.length ? "Reason, with your comments" : "Reason");
  return (await shown(parts, field)).trim();
}

export function askStep(ids, names) {
  const parts = dialogOf("Back to a step", "Go back");
  const field = document.createElement("select");
  ids.forEach((id, number) => field.add(new Option(names[number], id)));
  const note = document.createElement("p");
  note.className = "quiet-text";
  note.textContent = "It is done again, with all that needs it. Artifacts and commits stay as they are.";
  parts.form.insertBefore(note, parts.menu);
  labelled(field, "Step");
  return shown(parts, field);
}
