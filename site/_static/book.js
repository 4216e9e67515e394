// A formula that is wider than the page can be scrolled with the keyboard.
function reachWideFormulas() {
  for (const formula of document.querySelectorAll("div.math")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}
window.addEventListener("load", () => window.MathJax?.startup?.promise.then(reachWideFormulas));
window.addEventListener("resize", reachWideFormulas);
