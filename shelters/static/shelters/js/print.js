// The button of a page made for printing; without it the browser's own menu does the same.
"use strict";
document.getElementById("print").addEventListener("click", () => print());
