// The code behind the # of a one-time link is exchanged for a cookie; it is taken out of the address first.
const state = document.querySelector("[data-login-state]");
const code = location.hash.slice(1).split("&")[0];
const next = new URLSearchParams(location.hash.slice(1).split("&").slice(1).join("&")).get("next") || "/";
history.replaceState(null, "", "/login");

/** Only places of this very server, as the browser reads them: it passes over some characters. */
const isOurs = (path) => path.startsWith("/") && URL.canParse(path, location.href) && new URL(path, location.href).origin === location.origin;

if (code) {
  state.textContent = "One moment …";
  try {
    const answer = await fetch("/api/login", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }),
    });
    const said = await answer.json();
    if (answer.ok) location.replace(isOurs(next) ? next : "/");
    else state.textContent = `${said.message}.`;
  } catch {
    state.textContent = "The server does not answer.";
  }
}
