// The registration screen by keyboard alone. Without this file the same form posts to the same view.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("reg"), box = document.getElementById("members");
  const blank = document.getElementById("blank-row"), count = form.elements["m-TOTAL_FORMS"];
  const today = new Date((form.dataset.today || ages.today()) + "T00:00:00Z");
  const pair = name => form.dataset[name].split("|");
  const wording = {year: pair("year"), month: pair("month"), week: pair("week"), about: form.dataset.about};
  const rows = () => [...box.querySelectorAll(".mem")];
  const part = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const checked = row => row.querySelector(".sex input:checked");
  const says = row => ["given_names", "surnames", "age", "known_as", "origin"].some(name => part(row, name).value.trim()) || checked(row) || row.querySelector('[name$="-needs"]:checked');
  let placeList = [], dirty = false;

  // --- rows ---
  const renumber = () => rows().forEach((row, i) => { row.querySelector(".no").textContent = i + 1; });
  rows().forEach(row => { if (row.classList.contains("spare")) row.remove(); });
  renumber();
  // What the server drew with a relationship was chosen, or seen, before: no guess replaces it.
  for (const field of box.querySelectorAll('[name$="-relationship"]')) if (field.value) field.dataset.touched = "1";
  let next = +count.value;
  function add() {
    const holder = document.createElement("div");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", next).replaceAll("__number__", rows().length + 1);
    const row = holder.firstElementChild;
    row.classList.remove("spare");
    box.append(row);
    next += 1; count.value = next;
    settle(row);
    return row;
  }
  function settle(row) {
    const more = row.querySelector(".more");
    more.hidden = "closed" in more.dataset;
    row.querySelector(".open-more").setAttribute("aria-expanded", !more.hidden);
    read(row);
  }
  const isLast = row => row === rows().at(-1);

  // --- what was typed, read back ---
  function read(row) {
    const field = part(row, "age"), out = row.querySelector(".read");
    const birth = field.value.trim() ? ages.parse(field.value, today) : null;
    out.textContent = birth ? ages.reading(birth, today, wording) : field.value.trim() ? form.dataset.ageHint : "";
    field.classList.toggle("is-invalid", Boolean(field.value.trim()) && !birth);
    row.classList.toggle("empty", !says(row));
    const tags = [...row.querySelectorAll('[name$="-needs"]:checked')].map(box => box.closest("label").textContent.replace(/^\d/, "").trim());
    const said = row.querySelector(".said");
    said.textContent = tags.join(" · ");
    said.hidden = !tags.length || !row.querySelector(".more").hidden;
    relate(row, birth);
    document.getElementById("total").textContent = rows().filter(says).length;
  }
  // The same guess as usual_relationship() on the server, shown so that it can be seen to be wrong.
  function relate(row, birth) {
    const field = part(row, "relationship");
    if (!field || field.dataset.touched || row === rows()[0]) return;
    if (!birth) { field.value = ""; return; }
    const headBirth = ages.parse(part(rows()[0], "age").value || "?", today);
    const head = headBirth && ages.yearsBetween(headBirth.born, today), age = ages.yearsBetween(birth.born, today);
    const partnered = rows().some(other => other !== row && part(other, "relationship") && ["PARTNER", "SPOUSE"].includes(part(other, "relationship").value));
    if (age < 18) field.value = head === null || head >= age + 12 ? "CHILD" : "SIBLING";
    else field.value = partnered || (head !== null && head < 18) ? "UNKNOWN" : "PARTNER";
  }
  function readPlace(field) {
    const out = field.id === "id_origin" ? originOut : field.parentElement.querySelector(".read");
    const found = places.find(field.value, placeList);
    out.textContent = !field.value.trim() || !placeList.length ? "" : found.length === 1 ? `→ ${found[0]}` : found.length ? `${form.dataset.which} ${found.slice(0, 4).join(" / ")}` : form.dataset.noPlace;
    return found.length === 1 ? found[0] : null;
  }
  const origin = document.getElementById("id_origin"), originOut = document.createElement("span");
  originOut.className = "hint echo"; originOut.setAttribute("aria-live", "polite");
  origin.after(originOut);
  origin.addEventListener("focus", () => origin.select());  // typing replaces what the previous family left
  places.load(form.dataset.places).then(list => { placeList = list; if (document.activeElement === origin) readPlace(origin); }).catch(() => {});  // without a network

  // --- Enter walks: names, age, sex, next person; an empty name ends the people; the last answer saves ---
  // From the origin it goes straight to the plan; whoever stops at a field between goes on to the next one.
  // Where cards are in use, the next one of the pile is scanned between the people and the origin.
  const walk = ["card", "origin", "arrived_on", "days", "language", "zone", "plan", "notice_answer"].filter(name => form.elements[name]);
  const card = form.elements.card;
  const first = name => name === "origin" ? origin : form.querySelector(`[name="${name}"]:checked`) || form.querySelector(`[name="${name}"]`);
  function step(field) {
    const row = field.closest(".mem");
    if (row) return stepInRow(field, row);
    const here = walk.indexOf(field.name);
    if (field.name === "notice_answer") return form.requestSubmit(save);
    if (field === card && card.value.trim() && !cards.read(card.value)) return card.select();  // the next scan replaces it
    first(field.name === "origin" ? "plan" : walk[here + 1] || "notice_answer").focus();
  }
  function stepInRow(field, row) {
    if (field === part(row, "given_names")) {
      if (!field.value.trim() && row !== rows()[0] && !says(row)) return (card || origin).focus();
      return part(row, "surnames").focus();
    }
    if (field === part(row, "surnames")) return part(row, "age").focus();
    if (field === part(row, "age")) return (checked(row) || row.querySelector(".sex input")).focus();
    const after = rows()[rows().indexOf(row) + 1] || add();
    part(after, "given_names").focus();
  }
  // A reader types where the focus is. A card scanned into a name's field is a card all the same: no name holds digits.
  function takeCard(field) {
    const code = card && field !== card && field.type === "text" && /\d/.test(field.value) && cards.read(field.value);
    if (!code) return false;
    card.value = code; field.value = "";
    for (const each of [card, field]) each.dispatchEvent(new Event("input", {bubbles: true}));
    return true;
  }
  const save = document.getElementById("save");
  form.addEventListener("keydown", event => {
    const field = event.target;
    if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); form.requestSubmit(save); return; }
    if (event.key === "Enter" && field.matches("input, select")) {
      event.preventDefault();
      if (takeCard(field)) return;
      if (field.matches(".place, #id_origin")) { const found = readPlace(field); if (found) field.value = found; }
      step(field);
      return;
    }
    const group = field.closest("fieldset");
    if (group && /^[0-9]$/.test(event.key) && field.matches("[type=radio], [type=checkbox]")) {
      const choices = [...group.querySelectorAll("input")];
      const chosen = group.classList.contains("sex") && event.key === "0" ? choices[3] : choices[+event.key - 1];
      if (!chosen) return;
      event.preventDefault();
      chosen.checked = chosen.type === "radio" ? true : !chosen.checked;
      chosen.focus();
      chosen.dispatchEvent(new Event("input", {bubbles: true}));
    }
  });
  form.addEventListener("input", event => {
    dirty = true;
    const field = event.target, row = field.closest(".mem");
    if (field.matches(".place, #id_origin")) readPlace(field);
    if (field.matches("#id_origin, #id_arrived_on")) document.getElementById("carried").hidden = true;
    if (!row) return;
    if (field.name.endsWith("-relationship")) field.dataset.touched = "1";
    read(row);
    if (row === rows()[0]) rows().slice(1).forEach(read);
    if (isLast(row) && says(row)) add();
  });
  form.addEventListener("click", event => {
    const row = event.target.closest(".mem");
    if (event.target.closest(".open-more")) {
      const more = row.querySelector(".more");
      more.hidden = !more.hidden;
      row.querySelector(".open-more").setAttribute("aria-expanded", !more.hidden);
      read(row);
      if (!more.hidden) more.querySelector("input").focus();
    } else if (event.target.closest(".rm")) {
      const near = rows()[rows().indexOf(row) - 1];
      row.remove();
      if (isLast(near)) add();
      part(near, "given_names").focus();
      renumber();
    } else if (event.target.closest(".unit")) turnUnit(row);
    else if (event.target.id === "add-person") { const last = rows().at(-1); part(says(last) ? add() : last, "given_names").focus(); }
  });
  // A phone's number pad has no letters: the button says years, months or weeks instead.
  function turnUnit(row) {
    const field = part(row, "age"), number = field.value.replace(/\D*$/, ""), suffixes = ["", "m", "s"];
    const now = suffixes.indexOf(field.value.slice(number.length).trim());
    const then = (now + 1) % 3;
    field.value = number + suffixes[then];
    row.querySelector(".unit").textContent = [wording.year, wording.month, wording.week][then][1];
    read(row);
    field.focus();
  }
  if (matchMedia("(pointer: coarse)").matches) box.addEventListener("focusin", event => { if (event.target.matches(".age")) event.target.inputMode = "numeric"; });

  // --- leaving: send.js lets the form go only when it will arrive ---
  document.addEventListener("submit", event => {
    if (!event.defaultPrevented) dirty = false;
  });
  form.addEventListener("kept", () => { dirty = false; });  // on this device: see seal.js
  addEventListener("beforeunload", event => { if (dirty) event.preventDefault(); });

  rows().forEach(settle);
  if (says(rows().at(-1)) || rows().length === 1) add();
  if (!document.getElementById("mistakes")) part(rows()[0], "given_names").focus({preventScroll: Boolean(document.querySelector(".note.ok"))});
});
