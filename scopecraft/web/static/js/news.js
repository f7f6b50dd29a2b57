// What has happened to the file that somebody reads.

/** A word above the file, with a button; a later one takes its place. */
export function tell(file, text, label, act) {
  const news = file.querySelector("[data-news]");
  const line = document.createElement("p");
  line.textContent = `${text} `;
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", act);
    line.append(button);
  }
  news.replaceChildren(line);
  news.hidden = !text;
}
