// A question with yes and no; loaded when one is asked.

/** Whether the person says yes to a question that is asked in a dialog. */
export function confirm(question, yes) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = question;
    const menu = document.createElement("menu");
    for (const [value, label, kind] of [["no", "No", ""], ["yes", yes, "main"]]) {
      const button = document.createElement("button");
      button.textContent = label;
      button.className = kind;
      button.addEventListener("click", () => dialog.close(value));
      menu.append(button);
    }
    dialog.append(text, menu);
    dialog.setAttribute("aria-label", question);
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
