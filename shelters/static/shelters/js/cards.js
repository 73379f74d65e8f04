// Says beside a field for a card whether what was typed or scanned can be one. The server asks again.
"use strict";
const cards = {
  alphabet: "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
  // The same as read_code() in intake/cards.py: the code, or null.
  read(text) {
    const code = text.toUpperCase().replace(/[\s-]/g, ""), worth = [...code].map(c => cards.alphabet.indexOf(c));
    if (worth.length !== 8 || worth.includes(-1)) return null;
    const sum = worth.slice(0, 7).reduce((total, value, i) => total + (i + 2) * value, 0);
    return sum % 31 === worth[7] ? code : null;
  },
};
addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("[data-card]")) {
    const out = document.createElement("span");
    out.className = "echo hint card-echo"; out.setAttribute("aria-live", "polite");
    field.after(out);
    const answered = field.parentElement.querySelector(".wrong, .invalid-feedback");  // what the server said
    const say = isDone => {
      const code = cards.read(field.value), isWrong = field.value.trim() && !code && isDone;
      if (answered) answered.hidden = true;
      out.textContent = code ? `✓ ${code.slice(0, 4)}-${code.slice(4)}` : isWrong ? field.dataset.card : "";
      out.classList.toggle("wrong", Boolean(isWrong));
      field.classList.toggle("is-invalid", Boolean(isWrong));
    };
    // While it is being typed nothing is wrong yet.
    field.addEventListener("input", () => say(field.value.replace(/[\s-]/g, "").length >= 8));
    field.addEventListener("change", () => say(true));
    field.addEventListener("keydown", event => { if (event.key === "Enter") say(true); });
    if (cards.read(field.value) && !answered) say(true);
  }
});
