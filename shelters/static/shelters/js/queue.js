// Enter moves the line on, whatever was clicked last; the number can be printed; who waits is looked up now and then.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const pieces = () => [...document.querySelectorAll("[data-fresh]")];

  document.getElementById("print")?.addEventListener("click", () => print());
  addEventListener("keydown", event => {
    const free = document.activeElement === document.body || document.activeElement.id === "main";
    if (event.key !== "Enter" || event.repeat || !free) return;
    const button = document.querySelector("[data-enter]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  async function look() {
    const inUse = piece => piece.matches(":hover") || piece.contains(document.activeElement);  // no row moves under a finger
    if (document.hidden || pieces().some(inUse)) return;
    try {
      const headers = {"X-Requested-With": "fetch"};  // a page that asks by itself keeps no session open
      const answer = await fetch(location.href, {headers, cache: "no-store", credentials: "same-origin", redirect: "error"});
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const piece of pieces()) {
        const newer = page.querySelector(`[data-fresh=${piece.dataset.fresh}]`);
        if (newer && !inUse(piece) && newer.textContent !== piece.textContent) piece.replaceWith(newer);
      }
    } catch { /* the page stays as it is; a press says more */ }
  }
  if (pieces().length) setInterval(look, 15000);
});
