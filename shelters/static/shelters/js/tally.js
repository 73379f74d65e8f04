// A press counts at once. It is kept in this tab until the server has it, under a key of its own, so that sent twice it
// counts once; without a connection one goes on counting.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const pad = document.getElementById("pad"), back = document.getElementById("back");
  const named = back.elements.tally, store = `tally:${pad.dataset.owner}`;
  const [keptHere, signedOut, refused] = ["kept-here", "signed-out", "refused"].map(id => document.getElementById(id));
  const forms = new Map([...pad.querySelectorAll("form")].map(form => [form.dataset.who, form]));
  let counts = Object.fromEntries([...forms].map(([who, form]) => [who, Number(form.querySelector("[data-count]").textContent)]));
  let all = Number(pad.dataset.all), sending = false, timer = 0;
  let last = named.value ? {tally: named.value, who: named.dataset.who, people: Number(named.dataset.people)} : null;
  let kept = [];
  try { kept = JSON.parse(sessionStorage.getItem(store)) || []; } catch { /* nothing to read */ }

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));  // randomUUID needs https, which a table may lack
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
  const newest = () => kept.some(each => each.back) ? null : kept.at(-1) || last;  // one taking back at a time
  function draw() {
    let sum = 0, waiting = 0;
    for (const [who, form] of forms) {
      const extra = kept.filter(each => each.who === who).reduce((n, each) => n + (each.back ? -each.people : each.people), 0);
      form.querySelector("[data-count]").textContent = counts[who] + extra;
      sum += counts[who] + extra;
      waiting += extra;
    }
    document.getElementById("here").textContent = sum;
    document.getElementById("all").textContent = all + waiting;
    document.getElementById("kept-n").textContent = kept.length ? `(${kept.length})` : "";
    back.querySelector("button").disabled = !newest();
    try { sessionStorage.setItem(store, JSON.stringify(kept)); } catch { /* kept on the page alone */ }
  }
  function later() {
    clearTimeout(timer);
    timer = setTimeout(send, 3000);
  }
  async function fetched(url, options = {}) {
    const stop = new AbortController(), clock = setTimeout(() => stop.abort(), 8000);
    try {
      return await fetch(url, {...options, cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal});
    } finally {
      clearTimeout(clock);
    }
  }
  function body(each) {
    const form = each.back ? back : forms.get(each.who), data = new FormData(form);
    if (each.back) data.set("tally", each.back);
    else {
      data.set("key", each.key);
      data.set("people", each.people);
      data.set("ago", Math.min(43200000, Math.max(0, Date.now() - each.at)));
    }
    return [form.action, {method: "POST", body: new URLSearchParams(data), headers: {"X-Requested-With": "fetch"}}];
  }
  async function renew() {  // after a sign-in the old token is refused; in somebody else's name nothing is sent
    const answer = await fetched(`${document.body.dataset.whoami}?as=${pad.dataset.owner.split("-")[0]}`);
    signedOut.hidden = answer.status !== 401;
    if (!answer.ok) return;
    const token = (await answer.json()).token;
    for (const form of document.forms) if (form.elements.csrfmiddlewaretoken) form.elements.csrfmiddlewaretoken.value = token;
  }
  async function send() {
    if (sending || !kept.length) return;
    sending = true;
    try {
      while (kept.length) {
        const answer = await fetched(...body(kept[0]));
        if (answer.status === 422 || answer.status === 404) {
          const words = answer.status === 422 ? (await answer.json()).words : "";
          refused.textContent = words;
          refused.hidden = !words;
        } else if (!answer.ok) throw new Error(answer.status);
        else ({counts, all, last} = await answer.json());
        kept.shift();
        keptHere.hidden = signedOut.hidden = true;
        draw();
      }
    } catch {
      keptHere.hidden = false;
      draw();
      await renew().catch(() => {});
      later();
    } finally {
      sending = false;
    }
  }
  pad.addEventListener("submit", event => {
    event.preventDefault();
    event.stopPropagation();  // send.js need not ask first: nothing typed can be lost
    kept.push({key: newKey(), who: event.target.dataset.who, people: Number(event.submitter.value), at: Date.now()});
    draw();
    send();
  });
  back.addEventListener("submit", event => {
    event.preventDefault();
    event.stopPropagation();
    const press = newest();
    if (!press) return;
    kept.push({back: press.key || press.tally, who: press.who, people: press.people});
    draw();
    send();
  });
  addEventListener("online", send);
  draw();
  send();
});
