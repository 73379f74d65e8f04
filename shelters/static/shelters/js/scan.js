// Scan mode: a card by reader, by hand or by camera is sent at once; the answer is shown, heard and felt.
// A scan keeps its key until it is answered: sent again, it counts once. Without this script every form posts by itself.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("scan"), result = document.getElementById("result"), said = document.getElementById("said");
  const form = document.getElementById("by-code"), box = document.getElementById("code"), phone = matchMedia("(pointer: coarse)").matches;
  const SAME_CARD = 3000, UNDO = 8000, PATIENCE = 6000, TRIES = 3;
  const seen = new Map(), sent = new Map(), waiting = [];
  let busy = false, release = null, undoTimer = 0, sound = null, retry = null;

  const pause = ms => new Promise(done => setTimeout(done, ms));
  const tidy = text => text.replace(/[^\p{L}\p{N}]/gu, "").toUpperCase();
  function newKey() {  // randomUUID is missing where the address is not https
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = bytes[6] & 15 | 64; bytes[8] = bytes[8] & 63 | 128;
    return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // --- sending ---------------------------------------------------------------------------------------------
  async function ask(url, options) {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      return await fetch(url, {credentials: "same-origin", redirect: "error", cache: "no-store", signal: stop.signal, ...options});
    } finally { clearTimeout(timer); }
  }
  async function token() {  // somebody may have signed in again since this page was drawn
    try {
      const answer = await ask(document.body.dataset.whoami, {});
      if (answer.status === 401) return "signed-out";
      return answer.ok ? (await answer.json()).token : "no-answer";
    } catch { return "no-answer"; }
  }
  async function post(job) {
    let why = "no-answer";
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const answer = await ask(job.url, {method: "POST", body: job.data, headers: {"X-Requested-With": "fetch"}});
        if (answer.ok || answer.status === 422 || answer.status === 429) return {html: await answer.text()};
      } catch { /* no answer: it may have arrived all the same */ }
      if (tries) await pause(600 * tries);
      const fresh = await token();
      why = fresh === "signed-out" ? fresh : "no-answer";
      if (why === "signed-out") break;
      if (fresh !== "no-answer") job.data.set("csrfmiddlewaretoken", fresh);
    }
    return {why};
  }
  async function work() {
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const job = waiting.shift();
      root.classList.add("waiting");
      const {html, why} = await post(job);
      root.classList.remove("waiting");
      if (html === undefined) { unanswered(job, why); break; }
      show(html);
      // What wants a decision is not wiped away by the next card.
      if (tone() !== "ok" && waiting.length) await new Promise(done => { release = done; });
    }
    busy = false;
    if (waiting.length && !retry) work();
  }
  function send(url, data) {
    waiting.push({url, data});
    work();
  }
  function scanned(code) {
    const now = Date.now(), before = seen.get(code) || 0;
    seen.set(code, now);
    if (now - before < SAME_CARD) return;
    const data = new URLSearchParams(new FormData(form));
    data.set("key", newKey());
    data.set("code", code);
    send(form.action, data);
  }

  // --- showing ---------------------------------------------------------------------------------------------
  const shown = () => result.querySelector(".result");
  const tone = () => shown()?.dataset.tone;
  function show(html) {
    result.innerHTML = html;
    told();
  }
  function told() {
    const answer = shown();
    clearTimeout(undoTimer);
    if (!answer) return;
    const words = answer.querySelector("h2").textContent + ". " + [...answer.querySelectorAll(".told p:not(.mono)")].map(p => p.textContent).join(". ");
    said.textContent = words;
    signal(answer.dataset.tone);
    count(answer);
    const undo = answer.querySelector(".undo");
    if (undo) undoTimer = setTimeout(() => undo.classList.add("over"), UNDO);
    if (phone) answer.scrollIntoView({block: "nearest"});
  }
  function unanswered(job, why) {
    result.replaceChildren(document.getElementById(why).content.cloneNode(true));
    result.querySelector("[data-code]").textContent = job.data.get("code") || "";
    said.textContent = result.querySelector("h2").textContent;
    signal("bad");
    retry = () => { retry = null; waiting.unshift(job); dismiss(); work(); };
    result.querySelector("[data-retry]").addEventListener("click", () => retry?.());
  }
  function dismiss() {
    result.replaceChildren();
    said.textContent = "";
    clearTimeout(undoTimer);
    release?.();
    release = null;
    if (!phone) box.focus();
  }
  function count(answer) {
    const {scan, portions} = answer.dataset;
    if (!scan || portions === "") return;
    const number = Number(portions), before = sent.get(scan) || 0;
    sent.set(scan, number);
    add("portions", number - before);
    add("families", Math.sign(number) - Math.sign(before));
  }
  function add(id, number) {
    const place = document.getElementById(id);
    place.textContent = Math.max(0, Number(place.textContent) + number);
  }

  // --- sound and touch: nothing before the first tap or key, as browsers demand -------------------------------
  const TUNES = {ok: [[880, 0, .12]], warn: [[392, 0, .16], [392, .26, .16]], bad: [[196, 0, .5]], ask: [[587, 0, .1], [440, .14, .14]]};
  const BUZZ = {ok: 60, warn: [120, 80, 120], bad: 400, ask: [60, 60, 60]};
  function wake() {
    try { sound ||= new AudioContext(); sound.resume(); } catch { /* no sound on this machine */ }
  }
  function signal(kind) {
    if (!sound) return;
    navigator.vibrate?.(BUZZ[kind]);
    for (const [pitch, from, length] of TUNES[kind] || []) {
      const tune = sound.createOscillator(), volume = sound.createGain(), at = sound.currentTime + from;
      tune.frequency.value = pitch;
      volume.gain.setValueAtTime(.25, at);
      volume.gain.exponentialRampToValueAtTime(.001, at + length);
      tune.connect(volume).connect(sound.destination);
      tune.start(at);
      tune.stop(at + length);
    }
  }
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, {capture: true});

  // --- forms and keys --------------------------------------------------------------------------------------
  document.addEventListener("submit", event => {
    const sending = event.target;
    if (!sending.hasAttribute("data-piece")) return;  // another page: as usual
    event.preventDefault();
    event.stopImmediatePropagation();
    if (sending === form) {
      const typed = box.value;
      box.value = "";
      if (tidy(typed)) { if (!retry) release?.(); scanned(tidy(typed)); }
      return;
    }
    if (root.classList.contains("waiting")) return;  // a second tap while the first is on its way
    const data = new URLSearchParams(new FormData(sending, event.submitter));
    send(sending.action, data);
  }, true);
  result.addEventListener("click", event => {
    if (!event.target.closest("[data-dismiss]")) return;
    event.preventDefault();
    dismiss();
  });
  addEventListener("keydown", event => {  // a reader types wherever the focus is; its Enter must press no button
    const place = document.activeElement;
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.altKey || event.metaKey) return;
    if (place.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) return;
    box.focus({preventScroll: true});
  }, true);

  // --- camera ----------------------------------------------------------------------------------------------
  const view = document.getElementById("view"), video = document.getElementById("video"), open = document.getElementById("camera");
  const torch = document.getElementById("torch"), aim = document.getElementById("aim"), canvas = document.createElement("canvas");
  const FRAME = 125, WIDEST = 1280;
  let stream = null, decoder = null;

  function decoding() {
    decoder ||= new Promise((ready, failed) => {
      const script = Object.assign(document.createElement("script"), {src: root.dataset.reader});
      script.addEventListener("load", () => {
        ZXingWASM.prepareZXingModule({overrides: {locateFile: () => root.dataset.wasm}, fireImmediately: true}).then(() => ready(ZXingWASM), failed);
      });
      script.addEventListener("error", failed);
      document.head.append(script);
    });
    decoder.catch(() => { decoder = null; });
    return decoder;
  }
  async function start() {
    open.disabled = true;
    try {
      const loading = decoding();
      stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment", width: {ideal: WIDEST}}, audio: false});
      video.srcObject = stream;
      view.hidden = aim.hidden = false;
      open.hidden = true;
      await video.play();
      const track = stream.getVideoTracks()[0];
      torch.hidden = !track.getCapabilities?.().torch;
      watch(await loading, stream);
    } catch {
      stop();
      result.replaceChildren(document.getElementById("no-camera").content.cloneNode(true));
      said.textContent = result.querySelector("h2").textContent;
    } finally { open.disabled = false; }
  }
  function stop() {
    for (const track of stream?.getTracks() || []) track.stop();
    stream = null;
    view.hidden = aim.hidden = torch.hidden = true;
    torch.setAttribute("aria-pressed", "false");
    open.hidden = false;
  }
  async function watch(reader, mine) {
    while (stream === mine) {
      const begin = performance.now();
      // Amber and red stop the scanning until somebody has answered them.
      if (!video.videoWidth || (shown() && tone() !== "ok")) { await pause(FRAME); continue; }
      const scale = Math.min(1, WIDEST / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      const pen = canvas.getContext("2d", {willReadFrequently: true});
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const found = await reader.readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), {formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1});
      if (found.length && found[0].isValid && stream === mine) scanned(tidy(found[0].text));
      await pause(Math.max(20, FRAME - (performance.now() - begin)));
    }
  }
  open.addEventListener("click", start);
  torch.addEventListener("click", async () => {
    const on = torch.getAttribute("aria-pressed") !== "true";
    await stream?.getVideoTracks()[0].applyConstraints({advanced: [{torch: on}]});
    torch.setAttribute("aria-pressed", String(on));
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) { stop(); open.querySelector("span").textContent = open.dataset.again; } });

  const first = shown();
  if (first?.dataset.scan && first.dataset.portions) sent.set(first.dataset.scan, Number(first.dataset.portions));  // counted above already
  if (first) told();
  if (phone) box.blur();
});
