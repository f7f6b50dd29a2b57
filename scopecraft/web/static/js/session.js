// One session: its question is answered, and what follows it is gone to.
import { act } from "./act.js";
import "./ages.js";
import { changed } from "./refresh.js";
import { toast } from "./toast.js";

const dialog = document.querySelector("[data-prompt]");

/** Ask for words, which may be none, before something that goes on. */
function askForPrompt(button) {
  const { askPrompt, title, yes, said } = button.dataset;
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("[data-prompt-said]").textContent = said;
  dialog.querySelector("[data-prompt-yes]").textContent = yes;
  dialog.dataset.path = askPrompt;
  dialog.showModal();
}

async function sendPrompt(event) {
  event.preventDefault();
  const prompt = event.target.elements.prompt.value;
  const done = await act(event.target, "POST", dialog.dataset.path, prompt.trim() ? { prompt } : {});
  if (done) goTo(done);
}

/** The next session, which goes on with this one. */
function goTo(begun) {
  for (const note of begun.notes) toast(note);
  location.assign(`/sessions/${begun.session.id}`);
}

async function answer(form, answers) {
  const done = await act(form, "POST", form.dataset.answer, { answers, id: form.dataset.question });
  changed(...document.querySelector("#session-head").dataset.live.split(" "));
  return done;
}

/** Own words go before choices; several choices stand with commas between them. */
function said(inquiry) {
  const own = inquiry.querySelector(".own input").value.trim();
  return own || [...inquiry.querySelectorAll("input:checked")].map((each) => each.value).join(", ");
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-ask-prompt], [data-close], [data-say]");
  if (!target) return;
  if (target.matches("[data-close]")) dialog.close();
  else if (target.matches("[data-ask-prompt]")) askForPrompt(target);
  else answer(target.closest("form"), [target.dataset.say]);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.answer) return;
  event.preventDefault();
  const inquiries = [...form.querySelectorAll("[data-inquiry]")];
  const answers = inquiries.length ? inquiries.map(said) : [form.elements.own.value];
  if (answers.every((each) => each.trim())) answer(form, answers);
  else toast("There is no answer yet", "choose one, or say it in your own words", "bad");
});
document.addEventListener("acted", (event) => {
  if ("followAnswer" in event.target.dataset && event.detail.session) goTo(event.detail);
});
dialog.querySelector("form").addEventListener("submit", sendPrompt);
