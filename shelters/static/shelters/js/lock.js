// After some idle minutes the server has ended the session; then this page hides what it shows. Nothing typed is lost:
// the page stays as it is underneath, and the same account sees it again after signing in. While somebody is typing,
// the server is told now and then, so that a long form does not lock under the hands.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const template = document.getElementById("locked");
  if (!template) return;
  const after = template.dataset.after * 1000, TOLD = 4 * 60 * 1000;
  let touched = Date.now(), told = Date.now(), cover = null;

  const holdsNobody = document.getElementById("pad");  // who counts by thumb goes on without a network

  async function isIn(headers) {
    try {
      return (await fetch(template.dataset.whoami, {cache: "no-store", credentials: "same-origin", redirect: "error", headers})).ok;
    } catch {
      return Boolean(holdsNobody);
    }
  }
  function hide() {
    if (cover) return;
    cover = template.content.firstElementChild.cloneNode(true);
    document.body.classList.add("is-locked");
    for (const part of document.body.children) part.inert = true;
    document.body.append(cover);
    cover.querySelector("button").addEventListener("click", async () => { if (await isIn({})) show(); });
    cover.focus();
  }
  function show() {
    cover.remove();
    cover = null;
    document.body.classList.remove("is-locked");
    for (const part of document.body.children) part.inert = false;
    touched = told = Date.now();
  }
  async function look() {
    if (cover) return;
    if (Date.now() - touched >= after) {
      if (!await isIn({"X-Requested-With": "fetch"})) hide();  // asking this is no sign of life
    } else if (touched > told && Date.now() - told >= TOLD) {
      told = Date.now();
      isIn({});
    }
  }
  for (const sign of ["pointerdown", "keydown", "input"]) addEventListener(sign, () => { touched = Date.now(); }, {passive: true});
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
});
