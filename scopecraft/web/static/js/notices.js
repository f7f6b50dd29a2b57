// Notifications of the browser, for who asked for them: one for each mission that waits for a person, until it does not.
const shown = new Map();
let isFirst = true;

/** `waiting`: what waits now. What waited already when the page was opened is no news. */
export function tell(waiting) {
  if (Notification.permission !== "granted") return;
  const now = new Map(waiting.map((each) => [`${each.id} ${each.stage} ${each.step}`, each]));
  for (const [key, notice] of shown) {
    if (now.has(key)) continue;
    notice?.close();
    shown.delete(key);
  }
  for (const [key, each] of now) {
    if (shown.has(key)) continue;
    shown.set(key, isFirst || isSeen(each) ? null : noticeOf(key, each));
  }
  isFirst = false;
}

/** Who looks at that very page needs no word about it. */
const isSeen = (each) => document.visibilityState === "visible" && location.pathname.startsWith(`/m/${each.id}`);

function noticeOf(key, each) {
  const notice = new Notification(each.title, { body: each.sentence, tag: key });
  notice.addEventListener("click", () => {
    window.focus();
    location.assign(`/m/${each.id}`);
    notice.close();
  });
  return notice;
}
