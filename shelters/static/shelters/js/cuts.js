// Copies the sentence of a frozen census. Without it, the sentence can be selected like any text.
"use strict";
for (const button of document.querySelectorAll("[data-copies]")) {
  const sentence = document.getElementById(button.dataset.copies);
  const said = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    sentence.select();
    try {
      await navigator.clipboard.writeText(sentence.value);
    } catch { // a browser lends the clipboard over TLS only
      document.execCommand("copy");
    }
    said.textContent = button.dataset.done;
  });
}
