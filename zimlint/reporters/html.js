"use strict";
addEventListener("beforetoggle", (event) => {
  if (event.newState !== "open") return;
  for (const button of event.target.querySelectorAll(".more")) {
    const way = document.getElementById(button.getAttribute("popovertarget")).querySelector(".part");
    button.replaceWith(way.cloneNode(true));
  }
}, true);
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const findings = [...document.querySelectorAll(".finding")];
  const shown = document.getElementById("shown");
  const apply = () => {
    const wanted = ["severity", "check", "host"].map((name) => [name, form.elements[name].value]);
    let count = 0;
    for (const finding of findings) {
      finding.hidden = wanted.some(([name, value]) => value !== "" && finding.dataset[name] !== value);
      count += finding.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${findings.length} shown`;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  const folded = document.querySelectorAll(".finding details:not([open])");
  addEventListener("beforeprint", () => folded.forEach((one) => one.setAttribute("open", "")));
  addEventListener("afterprint", () => folded.forEach((one) => one.removeAttribute("open")));
  form.hidden = false;
  apply();
})();
