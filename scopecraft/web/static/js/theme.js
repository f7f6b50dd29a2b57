// Before anything is painted: the theme that the person chose, else the one of their system.
document.documentElement.dataset.theme = (() => {
  try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
})();
