// A form of the queue's rules: what a person has not touched there is as it holds now, so that saving changes nothing else.
import { ask } from "./act.js";

const isTouched = (field) => (field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

function put(field, value) {
  if (field.type === "checkbox") field.checked = field.defaultChecked = value;
  else field.value = field.defaultValue = String(value);
}

/** `after` a save everything is as it was saved. */
async function renew(form, after) {
  const rules = await ask("GET", "/api/queue/rules").catch(() => null);
  if (!rules) return;
  for (const field of form.elements) {
    if (field.name in rules && (after || (!isTouched(field) && field !== document.activeElement))) put(field, rules[field.name]);
  }
}

for (const form of document.querySelectorAll("[data-rules]")) {
  form.addEventListener("changed", () => renew(form, false));
  form.addEventListener("acted", () => renew(form, true));
}
