// A form leaves only when it will arrive. Before it is sent, the server is asked whether it is there and still
// knows us; if not, the page stays as it is, with everything typed in it, and says what to do.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const asked = new WeakSet();
  const waiting = new WeakSet();

  async function ask() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 6000);
    try {
      const answer = await fetch(document.body.dataset.whoami, {cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal});
      if (answer.status === 401) return "signed-out";
      return answer.ok ? (await answer.json()).token : "offline";  // 503: there, but without its database
    } catch {
      return "offline";
    } finally {
      clearTimeout(timer);
    }
  }
  function keep(form, why) {
    document.getElementById("kept")?.remove();
    const note = document.getElementById(`kept-${why}`).content.firstElementChild.cloneNode(true);
    note.id = "kept";
    form.before(note);
    note.focus();
  }
  document.addEventListener("submit", async event => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post") return;
    if (asked.delete(form)) return;  // this is the real sending; whatever comes after it is a double click
    event.preventDefault();
    if (waiting.has(form)) return;
    waiting.add(form);
    const token = await ask();
    if (token === "offline" || token === "signed-out") {
      waiting.delete(form);
      // The registration form keeps itself, where the device can: see seal.js.
      if (token === "signed-out" || form.dispatchEvent(new Event("unsent", {cancelable: true}))) keep(form, token);
      return;
    }
    form.elements.csrfmiddlewaretoken.value = token;  // somebody may have signed in since this page was drawn
    asked.add(form);
    form.requestSubmit(button && form.contains(button) ? button : undefined);
  });
  addEventListener("pageshow", () => { for (const form of document.forms) waiting.delete(form); });
});
