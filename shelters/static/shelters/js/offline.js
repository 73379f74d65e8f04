// Registrations that wait on this device: sealed, so that it can count and send them, and nothing else. Whoever is
// signed in brings them; the server knows from inside the seal who wrote them. One is deleted only when the server
// has named it and said what became of it.
"use strict";
window.offline = (() => {
  const {dataset} = document.body, STORE = "records", AGAIN = 15000, MOST = 20, MOST_LETTERS = 200000;
  const box = document.getElementById("waiting");
  const unreadable = new Set();
  let sent = 0, timer = 0, isSignedOut = false, isToCorrect = false;

  // Whose shift it is here. A page of the server knows; the form that is kept asks what the last one left.
  if (dataset.shift) localStorage.setItem("shift", JSON.stringify({user: dataset.user, token: dataset.shift}));
  else if (!("shell" in dataset)) localStorage.removeItem("shift");
  const shift = () => dataset.shift ? {user: dataset.user, token: dataset.shift} : JSON.parse(localStorage.getItem("shift"));

  // --- the store ---
  const done = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let opening = null;
  function open() {
    opening ||= new Promise((resolve, reject) => {
      const request = indexedDB.open("puente", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, {keyPath: "id"});
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opening;
  }
  const all = async () => done((await open()).transaction(STORE).objectStore(STORE).getAll());
  // Resolves when the disk has it.
  async function change(act) {
    const transaction = (await open()).transaction(STORE, "readwrite", {durability: "strict"});
    act(transaction.objectStore(STORE));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }
  async function keep(id, sealed) {
    await change(store => store.put({id, author: shift().user, at: Date.now(), sealed}));
    navigator.storage?.persist?.();  // or a full disk may take them
    await draw();
  }

  // --- what the page says ---
  const words = (name, n) => n === 1 ? box.dataset[`${name}One`] : box.dataset[`${name}Many`].replace("{n}", n);
  async function draw() {
    const n = (await all()).length;
    box.hidden = !n && !sent && !isToCorrect;
    box.dataset.waiting = n;
    const text = n ? n === 1 ? box.dataset.one : box.dataset.many.replace("{n}", n) : sent ? words("sent", sent) : "";
    if (box.firstElementChild.textContent !== text) box.firstElementChild.textContent = text;
    const part = (name, isShown) => { box.querySelector(`[data-part=${name}]`).hidden = !isShown; };
    part("sign-in", n && isSignedOut);
    part("to-correct", isToCorrect);
    part("unreadable", unreadable.size);
  }

  // --- sending ---
  async function fetched(url, options = {}) {
    const stop = new AbortController(), clock = setTimeout(() => stop.abort(), 20000);
    const headers = {"X-Requested-With": "fetch", ...options.headers};  // nobody at the keys
    try {
      return await fetch(url, {...options, headers, cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal});
    } finally {
      clearTimeout(clock);
    }
  }
  function later(seconds = AGAIN / 1000) {
    clearTimeout(timer);
    timer = setTimeout(send, seconds * 1000);
  }
  function some(records, most) {
    const batch = [];
    let letters = 0;
    for (const each of records) {
      letters += each.sealed.length;
      if (batch.length === most || (batch.length && letters > MOST_LETTERS)) break;
      batch.push(each);
    }
    return batch;
  }
  async function sendAll() {
    const who = await fetched(dataset.whoami);
    isSignedOut = who.status === 401;
    if (!who.ok) return later();
    document.dispatchEvent(new Event("puente:answers"));
    const {token} = await who.json();
    for (let most = MOST; ;) {
      const waiting = (await all()).filter(each => !unreadable.has(each.id)), batch = some(waiting, most);
      if (!batch.length) return;
      const body = JSON.stringify({records: batch.map(({id, sealed}) => ({id, sealed}))});
      const answer = await fetched(dataset.send, {method: "POST", body, headers: {"Content-Type": "application/json", "X-CSRFToken": token}});
      if (answer.status === 413) {
        if (batch.length === 1) unreadable.add(batch[0].id);
        most = Math.ceil(batch.length / 2);
        continue;
      }
      if (answer.status === 401) isSignedOut = true;
      if (!answer.ok) return later(Number(answer.headers.get("Retry-After")) || undefined);
      const answers = new Map((await answer.json()).answers.map(each => [each.id, each]));
      for (const {id} of batch) await settle(id, answers.get(id));
      if (batch.some(({id}) => !answers.has(id))) return later();
    }
  }
  async function settle(id, said) {
    if (!said) return;
    if (["unreadable", "failed"].includes(said.reason)) { unreadable.add(id); return; }
    if (!["stored", "already", "conflict", "refused"].includes(said.state)) return;
    await change(store => store.delete(id));
    if (said.reason === "to_correct") isToCorrect = true;
    else if (said.state !== "refused") sent += 1;
  }
  // One tab at a time: the others find nothing left to send.
  async function send() {
    clearTimeout(timer);
    if (!navigator.locks || !(await all()).length) return draw();
    await navigator.locks.request("puente-send", {ifAvailable: true}, async lock => {
      if (!lock) return later();
      await sendAll().catch(() => later());
    });
    return draw();
  }

  // --- the form without a network ---
  const canEver = isSecureContext && "serviceWorker" in navigator && Boolean(globalThis.crypto?.subtle);
  async function isReady() {
    if (!canEver || !shift() || !navigator.serviceWorker.controller) return false;
    return Boolean(await caches.match(dataset.offline, {ignoreVary: true}));
  }
  if (canEver) {
    if (dataset.shift) navigator.serviceWorker.register(dataset.worker, {updateViaCache: "all"}).catch(() => {});
    addEventListener("online", send);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
    send();
  }
  return {canEver, isReady, keep, send, shift};
})();
