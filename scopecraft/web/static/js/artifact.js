// An artifact as the API has it: its text with the tag of exactly these bytes.

/** `{text, sha}`; text is null where it is no text. Throws with a sentence for what cannot be had. */
export async function read(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer) throw new Error("The supervisor does not answer");
  if (answer.status === 404) return { text: "", sha: "" };
  if (!answer.ok) throw new Error(((await answer.json().catch(() => ({}))).error) || `It cannot be read (${answer.status})`);
  const sha = tagOf(answer);
  return { text: sha ? decoded(await answer.arrayBuffer()) : null, sha };
}

/** Whether something else is there than the bytes with that tag. */
export async function isOther(address, sha) {
  const answer = await fetch(address, { headers: { "If-None-Match": `"${sha}"` }, cache: "no-store" }).catch(() => null);
  return Boolean(answer) && answer.status !== 304 && (answer.ok || answer.status === 404);
}

const tagOf = (answer) => (answer.headers.get("etag") || "").replaceAll('"', "");

/** A byte order mark stays: what is saved has to be what was read. */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** How lines end, so that saving changes no line that nobody touched: mixed ends are left as they stand. */
export const lineEnd = (text) => (/\r\n/.test(text) && !/[^\r]\n|^\n|\r(?!\n)/.test(text) ? "\r\n" : "\n");
