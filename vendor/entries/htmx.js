// A classic script and a module at once: it sets window.htmx and exports nothing.
import htmx from "htmx.org/dist/htmx.esm.js";

/** Stands for Function: htmx then cannot run text as code even where a page's policy is missing. */
function refuseText() {
  throw new Error("attributes are not run as code here: bind events in a module");
}

htmx.registerExtension("no-eval", {
  init: (api) => api.initSecurity(undefined, refuseText, refuseText),
});
