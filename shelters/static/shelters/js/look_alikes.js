// While the names of a family are typed: who may be here already? A warning only; nothing waits for it, and
// without a connection there is none. Saving asks again in any case.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("reg"), box = document.getElementById("look-alikes"), said = document.getElementById("look-alikes-said");
  const part = "m-\\d+-(given_names|surnames|known_as|age|sex|origin)";
  const asks = new RegExp(`^(origin|${part})$`), needed = new RegExp(`^(csrfmiddlewaretoken|origin|not_same|m-TOTAL_FORMS|m-\\d+-relationship|${part})$`);
  const named = /^m-\d+-(given_names|surnames|known_as)$/;
  let timer = 0, asking = null, asked = "", shown = "", field = null;

  function typed() {
    const sent = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (needed.test(name) && value.trim()) sent.append(name, value);
    return sent;
  }
  function show(html) {
    if (html.trim() === shown) return;  // what was read aloud once is not read again
    shown = html.trim();
    const top = () => document.activeElement.getBoundingClientRect().top, before = top();
    box.innerHTML = shown;
    scrollBy({top: top() - before, behavior: "instant"});  // on a phone somebody may be writing below it
  }
  async function ask() {
    const sent = typed();
    if (sent.toString() === asked) return;
    if (![...sent.keys()].some(name => named.test(name))) { asked = sent.toString(); show(""); return; }
    asking = new AbortController();
    try {
      const answer = await fetch(box.dataset.url, {method: "POST", body: sent, credentials: "same-origin", redirect: "error", signal: asking.signal});
      if (!answer.ok && answer.status !== 429) return;
      const html = await answer.text();
      if (answer.ok) asked = sent.toString();
      show(html);
    } catch { /* no connection, or something newer was typed */ }
  }
  function schedule(wait) {
    clearTimeout(timer);
    asking?.abort();
    timer = setTimeout(ask, wait);
  }
  form.addEventListener("input", event => { if (asks.test(event.target.name)) schedule(400); });
  form.addEventListener("focusin", event => { if (event.target.matches("input, select, textarea")) field = event.target; });
  form.addEventListener("click", event => {
    if (event.target.closest(".unit")) schedule(400);
    if (!event.target.closest(".rm")) return;
    // Who is no longer in the grid was told apart from nobody.
    for (const pair of form.querySelectorAll("[name=not_same]")) if (!form.elements[`m-${pair.value.split(":")[0]}-given_names`]) pair.remove();
    schedule(400);
  });
  box.addEventListener("click", event => {
    const button = event.target.closest("[data-not-same]");
    if (!button) return;
    for (const value of button.dataset.notSame.split(" ")) form.append(Object.assign(document.createElement("input"), {type: "hidden", name: "not_same", value}));
    said.textContent = button.dataset.said;
    setTimeout(() => { said.textContent = ""; }, 4000);
    button.closest("li").remove();
    if (!box.querySelector("li")) box.replaceChildren();
    shown = null;
    (field?.isConnected ? field : form.querySelector("input:not([type=hidden])")).focus();
    schedule(0);
  });
  addEventListener("keydown", event => {
    if (event.key !== "F2" || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const link = box.querySelector("a") || document.querySelector(".look-alikes a");
    if (!link) return;
    event.preventDefault();
    link.click();
  });
  schedule(0);  // names that came from the search, or back with a mistake
});
