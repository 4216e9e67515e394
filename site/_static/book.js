// On a phone a formula begins at the left: centred, it would leave room for its number on both sides.
if (window.MathJax && matchMedia("(max-width: 576px)").matches) window.MathJax.chtml.displayAlign = "left";

// A formula or figure that is wider than the page can be scrolled with the keyboard.
function reachWide() {
  for (const box of document.querySelectorAll("div.math, .cell_output div:has(> img)")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
window.addEventListener("load", () => {
  reachWide();
  window.MathJax?.startup?.promise.then(reachWide);
});
window.addEventListener("resize", reachWide);

// A long name in a table may go on in the next line after a dot or an underscore.
function breakNames() {
  for (const name of document.querySelectorAll("article td code span.pre")) {
    name.innerHTML = name.innerHTML.replace(/[._](?=\w)/g, "$&<wbr>");
  }
}
document.addEventListener("DOMContentLoaded", breakNames);

// A lecture without its code: one button folds every cell's input, each of which the reader can open again.
function foldCode() {
  const inputs = document.querySelectorAll("article div.cell > .cell_input");
  const bar = document.querySelector(".article-header-buttons");
  if (!inputs.length || !bar || document.querySelector("article .cell.tag_hide-output")) return;
  for (const input of inputs) {
    const details = document.createElement("details"), summary = document.createElement("summary");
    details.className = "code";
    details.open = true;
    summary.textContent = "Code";
    input.before(details);
    details.append(summary, input);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "book-button hide-code";
  button.textContent = "Hide code";
  const show = (hidden) => {
    document.documentElement.dataset.code = hidden ? "hidden" : "shown";
    button.setAttribute("aria-pressed", hidden);
    for (const details of document.querySelectorAll("details.code")) details.open = !hidden;
  };
  button.addEventListener("click", () => {
    const hidden = button.getAttribute("aria-pressed") !== "true";
    localStorage.setItem("vgcourse-code", hidden ? "hidden" : "shown");
    show(hidden);
  });
  bar.prepend(button);
  show(localStorage.getItem("vgcourse-code") === "hidden");
}
document.addEventListener("DOMContentLoaded", foldCode);

// On paper every fold is open, but for code that the reader has put away.
let unfolded = [];
window.addEventListener("beforeprint", () => {
  const hidden = document.documentElement.dataset.code === "hidden";
  unfolded = [...document.querySelectorAll("article details:not([open])")];
  if (hidden) unfolded = unfolded.filter((details) => !details.closest("div.cell"));
  for (const details of unfolded) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of unfolded) details.open = false;
});

// The theme's switches that unfold a part of the side bar have no name.
function nameSwitches() {
  for (const summary of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const page = summary.closest("li").querySelector("a").textContent.trim();
    summary.setAttribute("aria-label", `Pages below ${page}`);
  }
}
document.addEventListener("DOMContentLoaded", nameSwitches);

// The contents beside a problem set name its parts; minutes and points stand in the headings.
function shortenContents() {
  for (const link of document.querySelectorAll(".bd-sidebar-secondary a")) {
    link.textContent = link.textContent.trim().replace(/ \((●|no points).*\)$/, "");
  }
}
if (location.pathname.includes("/exercises/")) document.addEventListener("DOMContentLoaded", shortenContents);

// The first page's picture moves once; a button moves it again, where motion is welcome.
function offerReplay() {
  const picture = document.querySelector(".moving-figure");
  if (!picture || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "book-button";
  button.textContent = "Play again";
  button.addEventListener("click", () => {
    const shown = document.querySelector(".moving-figure");
    shown.replaceWith(shown.cloneNode(true)); // a new element begins its animations
  });
  picture.after(button);
}
document.addEventListener("DOMContentLoaded", offerReplay);
