// What is pressed is done by the API: data-post, data-put or data-delete name the path, data-body is the JSON.
import { toast } from "./toast.js";

const METHODS = { post: "POST", put: "PUT", delete: "DELETE", patch: "PATCH" };

/** Ask the API. The parsed answer; throws an Error with `hint` for what was refused. */
export async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw Object.assign(new Error("The supervisor does not answer"), { hint: "start it: sc up" });
  }
  const said = answer.status === 204 || answer.status === 304 ? {} : await answer.json().catch(() => ({}));
  if (answer.ok) return "success" in said ? said.data : said;
  const message = said.error && "success" in said ? said.error : said.message;
  throw Object.assign(new Error(message || `It was refused (${answer.status})`), { hint: said.hint, status: answer.status });
}

/**
 * Ask on behalf of an element, which is busy meanwhile; says how it went. Returns the answer, or undefined.
 * What comes after is as the element said when it was pressed: the page may make another button of it meanwhile.
 */
export async function act(element, method, path, body, said = { ...element.dataset }) {
  if (element.getAttribute("aria-busy") === "true") return undefined;
  element.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(method, path, body);
    if (said.done) toast(said.done);
    element.dispatchEvent(new CustomEvent("acted", { bubbles: true, detail: answer ?? {} }));
    if (said.then) location.assign(said.then);
    return answer ?? {};
  } catch (error) {
    toast(error.message, error.hint, "bad");
    element.dispatchEvent(new CustomEvent("refused", { bubbles: true, detail: { message: error.message, hint: error.hint } }));
    return undefined;
  } finally {
    element.removeAttribute("aria-busy");
  }
}

async function onClick(event) {
  const element = event.target.closest("[data-post], [data-put], [data-delete], [data-patch]");
  if (!element || element.tagName === "FORM") return;
  event.preventDefault();
  const said = { ...element.dataset }; // a yes is for this, whatever the page makes of the button meanwhile
  if (said.confirm && !(await confirmed(said.confirm, said.confirmYes))) return;
  const [kind, method] = Object.entries(METHODS).find(([name]) => name in said);
  await act(element, method, said[kind], said.body && JSON.parse(said.body), said);
}

/** The fields of a form by their names, as JSON; empty ones of data-optional fields are left out. */
export function fieldsOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    if ("optional" in field.dataset && !field.value) continue;
    body[field.name] = field.type === "checkbox" ? field.checked : field.type === "number" ? Number(field.value) : field.value;
  }
  return body;
}

async function onSubmit(event) {
  const form = event.target;
  const [kind, method] = Object.entries(METHODS).find(([name]) => name in form.dataset) || [];
  if (!kind) return;
  event.preventDefault();
  const done = await act(form, method, form.dataset[kind], fieldsOf(form));
  if (done && "reset" in form.dataset) form.reset();
}

/** Whether the person says yes to a question that is asked in a dialog. */
export async function confirmed(question, yes = "Yes") {
  return (await import("./confirm.js")).confirm(question, yes);
}

document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
