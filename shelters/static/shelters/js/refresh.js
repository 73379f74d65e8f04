// An open page asks for its numbers anew now and then, and writes only what has changed into the page as it stands:
// nothing moves, and whatever has the focus keeps it. Without an answer the page says so. The tick stops it.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-refresh]");
  if (!place) return;  // nothing was found to show yet
  const every = place.dataset.refresh * 1000;
  const choice = document.getElementById("every"), tick = choice.querySelector("input");
  let asked = Date.now(), asking = false;

  function renew(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) { old.data = fresh.data; return; }
    for (const {name} of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const {name, value} of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const here = [...old.childNodes], next = [...fresh.childNodes];
    if (here.length !== next.length || here.some((node, i) => node.nodeName !== next[i].nodeName)) old.replaceChildren(...next);
    else here.forEach((node, i) => renew(node, next[i]));
  }
  async function refresh() {
    if (asking || document.hidden || !tick.checked || Date.now() - asked < every) return;
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 20000);
    asking = true;
    asked = Date.now();
    try {
      const headers = {"X-Requested-With": "fetch"};
      const answer = await fetch(location.href, {headers, cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal});
      if (!answer.ok) throw new Error(answer.status);
      const fresh = place.cloneNode(false);
      fresh.innerHTML = await answer.text();
      renew(place, fresh);
    } catch {
      const clock = {timeZone: place.dataset.zone, hour: "2-digit", minute: "2-digit"};
      place.querySelector("[role=status]").textContent = place.dataset.failed.replace("{time}", new Date().toLocaleTimeString(document.documentElement.lang, clock));
    } finally {
      clearTimeout(timer);
      asking = false;
    }
  }
  choice.hidden = false;
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, 1000);
});
