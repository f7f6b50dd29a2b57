// A new mission: what was typed survives a failure and a reload, and a dropped file becomes its text.
import { ask } from "./act.js";
import { toast } from "./toast.js";

const KEPT = "new-mission";
const FIELDS = ["title", "rawInput", "type", "workflowId", "project", "begin"];
const form = document.getElementById("new");
const field = (name) => form.elements[name];

/** What the form says; nothing of it is lost before the mission is made. */
function values() {
  return Object.fromEntries(FIELDS.map((name) => [name, name === "begin" ? field(name).checked : field(name)?.value ?? ""]));
}

function keep() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(values())); } catch { /* it holds for this page then */ }
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) return;
  for (const name of ["title", "rawInput", "type"]) if (kept[name]) field(name).value = kept[name];
  field("begin").checked = kept.begin;
  const asked = new URLSearchParams(location.search).get("project");
  if (!asked && kept.project && kept.project !== field("project").value && [...field("project").options].some((each) => each.value === kept.project)) {
    field("project").value = kept.project;
    field("project").dispatchEvent(new Event("change", { bubbles: true }));
  }
  choose(kept.workflowId);
}

/** The workflow, where there is one by that name. */
function choose(workflow) {
  const found = [...form.querySelectorAll("[name=workflowId]")].find((each) => each.value === workflow);
  if (found) found.checked = true;
}

/** The problems of the API, each at its field; what belongs to none stands above. */
function showProblems(message, hint) {
  const above = form.querySelector("[data-trouble]");
  clearProblems();
  const rest = [];
  for (const part of message.split(/, (?=(?:title|type|rawInput|workflowId|project): )/)) {
    const [, name, why] = /^(title|rawInput|workflowId|project): ([^]*)$/.exec(part) ?? [];
    if (name) atField(name, why);
    else rest.push(part);
  }
  if (rest.length || hint) {
    for (const text of [rest.join(", "), hint]) if (text) above.append(Object.assign(document.createElement("p"), { textContent: text }));
    above.hidden = false;
  }
  (form.querySelector("[aria-invalid=true]") ?? above).focus();
}

function atField(name, why) {
  const said = form.querySelector(`[data-why="${name}"]`);
  said.textContent = why === "Raw input is required" ? "Say what is to be done" : why;
  said.hidden = false;
  field(name)?.setAttribute?.("aria-invalid", "true");
}

function clearProblems() {
  form.querySelector("[data-trouble]").replaceChildren();
  for (const each of form.querySelectorAll("[data-why], [data-trouble]")) each.hidden = true;
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

async function send(event) {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-busy") === "true") return;
  keep();
  nameIt();
  const { begin, ...body } = values();
  if (!body.workflowId) delete body.workflowId;
  button.setAttribute("aria-busy", "true");
  try {
    const made = await ask("POST", "/api/missions", body);
    sessionStorage.removeItem(KEPT);
    clearProblems();
    if (begin) await beginIt(made.mission_id);
    location.assign(`/m/${made.mission_id}`);
  } catch (error) {
    showProblems(error.message, error.hint);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** It is made, whatever becomes of its beginning: the page of the mission says what keeps it. */
async function beginIt(mission) {
  try {
    await ask("POST", `/api/missions/${mission}/continue`);
  } catch (error) {
    sessionStorage.setItem("said", JSON.stringify([`It is written down, but did not begin: ${error.message}`, error.hint ?? ""]));
  }
}

/** By the first line that says something, as `sc mission new` does it. */
function nameIt() {
  if (field("title").value.trim()) return;
  const line = field("rawInput").value.split("\n").map((each) => each.replace(/^[\s#>*+-]+|^\s*\d+[.)]\s+/, "").trim()).find(Boolean) ?? "";
  field("title").value = line.length > 50 ? line.slice(0, 51).replace(/\s+\S*$/, "") : line;
}

async function take(file) {
  const said = form.querySelector("[data-file-said]");
  const longest = Number(form.dataset.longest);
  if (!file) return;
  if (file.size > longest) return void toast(`${file.name} is too long`, `at most ${Math.floor(longest / 1024)} KB`, "bad");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch { return void toast(`${file.name} is no text`, "UTF-8 text is taken, such as Markdown", "bad"); }
  if (text.includes("\0")) return void toast(`${file.name} is no text`, "", "bad");
  if (field("rawInput").value.trim()) text = `${field("rawInput").value.trimEnd()}\n\n${text}`;
  field("rawInput").value = text;
  said.textContent = file.name;
  nameIt();
  keep();
}

function dropInto(target) {
  target.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    target.classList.add("over");
  });
  target.addEventListener("dragleave", (event) => target.contains(event.relatedTarget) || target.classList.remove("over"));
  target.addEventListener("drop", (event) => {
    target.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}

if (form) {
  restore();
  form.addEventListener("submit", send);
  form.addEventListener("input", keep);
  form.addEventListener("change", (event) => event.target.matches("[data-file]") ? take(event.target.files[0]) : keep());
  form.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.requestSubmit());
  field("rawInput").addEventListener("blur", nameIt);
  document.addEventListener("htmx:after:swap", () => choose(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}").workflowId));
  dropInto(form);
  if (!field("title").value) field("title").focus();
}
