// Runs before the page is drawn: styles then know that scripts run, and nothing jumps.
"use strict";
document.documentElement.classList.add("js");
