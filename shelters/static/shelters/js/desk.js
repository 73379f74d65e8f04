// The search of the desk answers while somebody types. Enter, and a card reader's Enter, send the form as without it.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("search"), box = form.elements.q, found = document.getElementById("found");
  const said = document.getElementById("said"), noAnswer = document.getElementById("no-answer");
  const letters = text => (text.match(/\p{L}|\p{N}/gu) || []).length;
  let timer = 0, asking = null, asked = box.value.trim();

  function show(html) {
    found.innerHTML = html;
    noAnswer.hidden = true;
    said.textContent = found.querySelector("[data-said]")?.textContent || "";  // the rows are read by who goes there
  }
  async function ask() {
    const text = box.value.trim();
    asked = text;
    const stop = asking = new AbortController();
    try {
      const answer = await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form)), headers: {"X-Requested-With": "fetch"}, credentials: "same-origin", redirect: "error", signal: stop.signal});
      const html = await answer.text();
      if (stop.signal.aborted) return;  // something newer was typed
      if (![200, 422, 429].includes(answer.status)) throw new Error(answer.status);
      if (answer.status === 429) asked = "";
      show(html);
    } catch {
      if (stop.signal.aborted) return;
      asked = "";
      found.replaceChildren();  // what stood there answered something else
      noAnswer.hidden = false;
      said.textContent = noAnswer.textContent;
    }
  }
  function drop() {
    clearTimeout(timer);
    asking?.abort();
  }
  box.addEventListener("input", () => {
    const text = box.value.trim();
    if (text === asked && noAnswer.hidden && !asking?.signal.aborted) { clearTimeout(timer); return; }
    drop();
    if (letters(text) >= 3) timer = setTimeout(ask, 350);
    else { asked = ""; show(""); }
  });
  form.addEventListener("submit", drop);
  addEventListener("keydown", event => {  // its access key, in every browser by the same keys
    if (!event.altKey || event.ctrlKey || event.shiftKey || event.code !== "KeyN") return;
    event.preventDefault();
    form.elements.start.click();
  });
  addEventListener("pageshow", () => { if (document.activeElement === document.body) box.focus(); });
  box.setSelectionRange(box.value.length, box.value.length);
});
