// The registration form without a network: what was typed is looked through, sealed to the server's key, and kept.
// Here nobody can open it again. The same rules as the forms of the server as far as they go; what they let pass
// wrongly is corrected on the server.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("reg"), save = document.getElementById("save"), {dataset} = form;
  const isShell = "shell" in document.body.dataset, fields = name => [...form.querySelectorAll(name)];
  const show = (id, isShown = true) => { document.getElementById(id).hidden = !isShown; };
  let canKeep = isShell, placeList = [];

  // --- sealing ---
  const letters = new TextEncoder();
  const base64 = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
  const joined = (...parts) => new Uint8Array(parts.flatMap(part => [...new Uint8Array(part)]));
  async function sealed(text, about) {
    const curve = {name: "ECDH", namedCurve: "P-256"};
    const server = Uint8Array.from(atob(dataset.seal), c => c.charCodeAt(0));
    const publicKey = await crypto.subtle.importKey("raw", server, curve, false, []);
    const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    const point = await crypto.subtle.exportKey("raw", own.publicKey);
    const secret = await crypto.subtle.deriveBits({name: "ECDH", public: publicKey}, own.privateKey, 256);
    const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const how = {name: "HKDF", hash: "SHA-256", salt: joined(point, server), info: letters.encode("puente form 1")};
    const key = await crypto.subtle.deriveKey(how, base, {name: "AES-GCM", length: 256}, false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const inside = await crypto.subtle.encrypt({name: "AES-GCM", iv, additionalData: letters.encode(about)}, key, letters.encode(text));
    return base64(joined(point, iv, inside));
  }
  // As uuid7() on the server: milliseconds, then random bits.
  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
    for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // --- what can be seen to be wrong ---
  const dayWords = day => `${day.getDate()}/${day.getMonth() + 1}/${day.getFullYear()}`;
  // "today" is another day once it is sent.
  function fixDay() {
    const field = form.elements.arrived_on, typed = field.value.trim().toLowerCase(), day = new Date();
    if (["ayer", "yesterday"].includes(typed)) day.setDate(day.getDate() - 1);
    else if (!["", "hoy", "today"].includes(typed)) return;
    field.value = dayWords(day);
  }
  function mistakes() {
    const found = [], today = new Date();
    const wrong = (field, words) => found.push([field, words]);
    const says = row => [...row.querySelectorAll("input")].some(each => /radio|checkbox/.test(each.type) ? each.checked : each.value.trim());
    if (!fields(".mem").some(says)) wrong(form.querySelector(".mem input"), dataset.nobody);
    for (const field of fields(".age")) if (field.value.trim() && !ages.parse(field.value, today)) wrong(field, dataset.ageHint);
    for (const field of fields("#id_origin, .place")) {
      const n = placeList.length && field.value.trim() ? places.find(field.value, placeList).length : 1;
      if (n !== 1) wrong(field, n ? dataset.which : dataset.noPlace);
    }
    const {arrived_on: day, days, card} = form.elements;
    if (!/^\d{1,2}[/.\- ]\d{1,2}([/.\- ]\d{4})?$/.test(day.value.trim())) wrong(day, dataset.noDay);
    if (!/^\d{0,4}$/.test(days.value.trim()) || Number(days.value) > 3650) wrong(days, dataset.noDays);
    if (card?.value.trim() && !cards.read(card.value)) wrong(card, card.dataset.card);
    if (!form.querySelector("[name=notice_answer]:checked")) wrong(form.querySelector("[name=notice_answer]"), dataset.noAnswer);
    return found;
  }
  function tell(found) {
    document.getElementById("mistakes")?.remove();
    for (const each of fields(".wrong.here")) each.remove();
    if (!found.length) return;
    const note = document.getElementById("not-kept").content.firstElementChild.cloneNode(true);
    note.id = "mistakes";
    for (const [field, words] of found) {
      const link = Object.assign(document.createElement("a"), {href: `#${field.id}`, textContent: words});
      note.querySelector("ul").append(document.createElement("li"));
      note.querySelector("li:last-child").append(link);
      const said = Object.assign(document.createElement("span"), {className: "wrong here", textContent: words});
      const row = field.closest(".mem"), beside = row || field.closest("fieldset") || field.parentElement;
      beside.append(said);
    }
    form.before(note);
    note.focus();
  }

  // --- keeping ---
  async function keep() {
    if (!offline.shift()) return;
    fixDay();
    const found = mistakes();
    tell(found);
    if (found.length) return;
    const id = form.elements.key.value, typed = new URLSearchParams();
    // As a browser sends it: the same form, should it have arrived after all, is then the same.
    for (const [name, value] of new FormData(form)) if (name !== "csrfmiddlewaretoken") typed.append(name, value.replace(/\r?\n/g, "\r\n"));
    const record = {form: typed.toString(), shift: offline.shift().token, at: Date.now()};
    await offline.keep(id, await sealed(JSON.stringify(record), id));
    form.dispatchEvent(new Event("kept"));
    location.assign(`${document.body.dataset.offline}?kept`);
  }
  let keeping = null;
  // A full disk, or a browser that lends no store: nobody may think that it was kept.
  const refused = () => { show("cannot-keep"); document.getElementById("cannot-keep").focus(); };
  const keepOnce = () => {
    show("cannot-keep", false);
    keeping ||= keep().catch(refused).finally(() => { keeping = null; });
  };

  // A page of the server: send.js found that nobody answers.
  form.addEventListener("unsent", event => {
    if (!canKeep) return;
    event.preventDefault();
    keepOnce();
  });
  function begin() {
    form.elements.key.value = newKey();
    if (!form.elements.arrived_on.value) form.elements.arrived_on.value = dayWords(new Date());
    form.addEventListener("submit", event => { event.preventDefault(); keepOnce(); });
    save.disabled = !offline.shift();
    show("no-shift", !offline.shift());
    const asked = new URL(location);
    show("elsewhere", asked.pathname !== document.body.dataset.offline);
    if (asked.search !== "?kept") return;
    show("is-kept");
    history.replaceState(null, "", asked.pathname);
  }
  document.addEventListener("puente:answers", () => {
    if (!isShell) return;
    show("elsewhere", false);
    show("is-back");
  });
  places.load(dataset.places).then(list => { placeList = list; }).catch(() => {});
  if (isShell) begin();
  else if (!offline.canEver) show("cannot-offline");
  else navigator.serviceWorker.ready.then(async () => {
    if (!navigator.serviceWorker.controller) await new Promise(resolve => { navigator.serviceWorker.addEventListener("controllerchange", resolve, {once: true}); });
    canKeep = !form.elements.late && await offline.isReady();  // what is corrected is kept on the server already
    show("can-offline", canKeep);
  });
});
