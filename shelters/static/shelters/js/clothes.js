// The clothes table by taps: person, thing, size, again. Each tap fills a row of the same form that is there without
// this file.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("hand-out");
  if (!form) return;
  const MOST = 30;
  const words = form.dataset, rows = document.getElementById("rows"), basket = document.getElementById("basket");
  const sizeBox = document.querySelector("#size .sizes"), reason = document.getElementById("reason");
  const people = [...form.querySelectorAll("#who input")], tiles = [...form.querySelectorAll("#what .tile")];
  const had = [...document.querySelectorAll("#had li")];
  const tileOf = code => tiles.find(tile => tile.dataset.code === code);
  const labelOf = tile => tile.querySelector(".label").textContent;
  const sizesOf = tile => JSON.parse(tile.dataset.sizes);
  const who = () => people.find(each => each.checked);
  const things = [];  // {person, code, size, quantity}
  let open = null;

  // --- what the page was drawn with (after an error) goes into the basket; its rows give way to it ---
  for (const row of rows.querySelectorAll("[data-row]")) {
    const value = name => row.querySelector(`[name$="-${name}"]`).value;
    if (!value("what") || !value("person")) continue;
    const [code, size] = value("what").split("|");
    things.push({person: value("person"), code, size, quantity: value("quantity"), wrong: row.querySelector(".wrong")?.textContent});
  }
  rows.replaceChildren();

  // --- limits, as the page knows them; the server decides ---
  const hadBy = (person, tile) => had.find(line => line.dataset.kind === tile.dataset.kind && (!line.dataset.who || line.dataset.who === person));
  function chosen(person, tile) {
    const isFamily = tile.dataset.per === "family";
    return things.filter(each => tileOf(each.code).dataset.kind === tile.dataset.kind && (isFamily || each.person === person)).reduce((sum, each) => sum + (+each.quantity || 0), 0);
  }
  function isOver(person, tile, more = 0) {
    if (!tile.dataset.limit) return false;
    return +(hadBy(person, tile)?.dataset.used ?? 0) + chosen(person, tile) + more > +tile.dataset.limit;
  }

  function drawTiles() {
    const person = who().value;
    for (const tile of tiles) {
      const line = hadBy(person, tile), note = tile.querySelector(".had");
      note.textContent = line ? `${line.querySelector(".tag").textContent} · ${line.querySelector(".when").textContent}` : "";
      tile.classList.toggle("over", isOver(person, tile, 1));
      tile.setAttribute("aria-pressed", tile === open);
    }
  }
  function drawSizes() {
    const sizes = open ? sizesOf(open) : [];
    document.getElementById("size").classList.toggle("open", Boolean(open));
    document.getElementById("sized").textContent = open ? labelOf(open) : "";
    document.getElementById("no-thing").hidden = Boolean(open);
    sizeBox.replaceChildren(...sizes.map(([size, left], place) => {
      const button = document.createElement("button");
      button.type = "button"; button.className = "tile size"; button.dataset.size = size;
      const about = left === null ? "" : left > 0 ? `≈ ${left}` : words.none;
      if (place < 9) { const key = document.createElement("kbd"); key.className = "laptop-only"; key.ariaHidden = "true"; key.textContent = place + 1; button.append(key, " "); }
      const label = document.createElement("b"), hint = document.createElement("span");
      label.textContent = size || words.any; hint.className = "had"; hint.textContent = about;
      button.append(label, hint);
      return button;
    }));
  }
  function hidden(name, value) {
    const field = document.createElement("input");
    field.type = "hidden"; field.name = name; field.value = value;
    return field;
  }
  function button(text, label, act) {
    const made = document.createElement("button");
    made.type = "button"; made.className = "btn btn-outline-primary"; made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }
  function drawBasket() {
    basket.replaceChildren(...things.map((each, place) => {
      const line = document.createElement("li"), text = document.createElement("span"), name = document.createElement("bdi"), what = document.createElement("b");
      const tile = tileOf(each.code), person = people.find(other => other.value === each.person);
      name.textContent = person.dataset.name;
      what.textContent = labelOf(tile) + (each.size ? ` ${each.size}` : "");
      text.className = "grow"; text.append(what, " · ", name);
      if (isOver(each.person, tile)) {
        const tag = document.createElement("span");
        tag.className = "tag warn"; tag.textContent = `${words.over}: ${hadBy(each.person, tile)?.querySelector(".tag").textContent ?? tile.dataset.limit}`;
        text.append(" ", tag);
      }
      if (each.wrong) { const wrong = document.createElement("span"); wrong.className = "wrong"; wrong.textContent = each.wrong; text.append(wrong); }
      const spoken = `${what.textContent}, ${name.textContent}`;
      const number = document.createElement("b"); number.className = "number"; number.textContent = each.quantity;
      const less = button("−", `${words.fewer} ${spoken}`, () => { change(place, -1); basket.querySelectorAll("li")[place]?.querySelector("button").focus(); });
      const more = button("+", `${words.more} ${spoken}`, () => { change(place, 1); basket.querySelectorAll("li")[place].querySelectorAll("button")[1].focus(); });
      line.append(text, less, number, more, hidden(`t-${place}-person`, each.person), hidden(`t-${place}-what`, `${each.code}|${each.size}`), hidden(`t-${place}-quantity`, each.quantity));
      return line;
    }));
    const total = things.reduce((sum, each) => sum + (+each.quantity || 0), 0);
    document.getElementById("empty").hidden = things.length > 0;
    document.getElementById("how-many").textContent = total ? ` (${total})` : "";
    reason.hidden = !("asked" in reason.dataset) && !things.some(each => isOver(each.person, tileOf(each.code)));
    drawTiles();
  }
  function change(place, by) {
    const each = things[place];
    each.quantity = (+each.quantity || 0) + by; delete each.wrong;
    if (each.quantity < 1) things.splice(place, 1);
    drawBasket();
  }
  function add(tile, size) {
    const person = who().value, same = things.find(each => each.person === person && each.code === tile.dataset.code && each.size === size);
    if (same) same.quantity = (+same.quantity || 0) + 1;
    else if (things.length < MOST) things.push({person, code: tile.dataset.code, size, quantity: 1});
    drawBasket();
    document.getElementById("said").textContent = `${labelOf(tile)} ${size} · ${who().dataset.name}`;
  }
  function take(tile) {
    if (sizesOf(tile).length === 1) { open = null; add(tile, ""); drawSizes(); drawTiles(); return; }
    open = tile;
    drawSizes(); drawTiles();
  }

  // --- taps ---
  document.getElementById("who").addEventListener("change", drawBasket);
  document.getElementById("what").addEventListener("click", event => {
    const tile = event.target.closest(".tile");
    if (tile) take(tile);
  });
  sizeBox.addEventListener("click", event => {
    const size = event.target.closest(".tile");
    if (!size) return;
    const tile = open, byKey = event.detail === 0;
    open = null;
    add(tile, size.dataset.size); drawSizes();
    if (byKey) tile.focus();
  });

  // --- keys: digits act inside the group that has the focus ---
  form.addEventListener("keydown", event => {
    if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); form.requestSubmit(document.getElementById("give")); return; }
    const group = event.target.closest("fieldset");
    if (!group || event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
    const target = group.querySelectorAll("input, .tile")[event.key - 1];
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.click();
    if (group.id === "what" && open) sizeBox.querySelector(".tile").focus();
    if (group.id === "who") tiles[0]?.focus();
  });

  let sent = false;
  form.addEventListener("submit", () => { sent = true; });
  addEventListener("beforeunload", event => { if (things.length && !sent) { event.preventDefault(); } });
  addEventListener("pageshow", () => { sent = false; });

  drawSizes();
  drawBasket();
  if (!document.getElementById("mistakes") && matchMedia("(min-width: 768px)").matches) (people.length > 1 ? who() : tiles[0])?.focus();
});
