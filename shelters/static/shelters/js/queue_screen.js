// The screen on the wall asks every few seconds and draws only what is new: nothing flickers. A new call flashes and
// sounds; browsers allow sound once somebody has touched the page.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const EVERY = 4000, PATIENCE = 3;
  const numbers = document.getElementById("numbers"), lost = document.getElementById("lost");
  const button = document.getElementById("sound");
  let shown = null, failed = 0, sound = null;
  const calls = () => new Set([...numbers.querySelectorAll("[data-call]")].map(each => each.dataset.call));

  function ring() {
    if (sound?.state !== "running") return;
    for (const [pitch, start] of [[880, 0], [660, .25]]) {
      const tone = sound.createOscillator(), loudness = sound.createGain(), at = sound.currentTime + start;
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(.3, at);
      loudness.gain.exponentialRampToValueAtTime(.001, at + .4);
      tone.connect(loudness).connect(sound.destination);
      tone.start(at);
      tone.stop(at + .4);
    }
  }
  function draw(html) {
    if (html === shown) return;
    const before = calls();
    numbers.innerHTML = html;
    const fresh = shown === null ? [] : [...numbers.querySelectorAll("[data-call]")].filter(each => !before.has(each.dataset.call));
    shown = html;
    for (const each of fresh) each.classList.add("fresh");
    if (fresh.length) ring();
  }
  async function ask() {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), EVERY * 2);
    try {
      const answer = await fetch(location.href, {headers: {"X-Requested-With": "fetch"}, cache: "no-store", signal: stop.signal});
      if (answer.status === 404) { location.reload(); return; }  // the link is too old
      if (!answer.ok) throw new Error(answer.status);
      draw(await answer.text());
      failed = 0;
    } catch {
      failed += 1;
    } finally {
      clearTimeout(timer);
    }
    lost.hidden = failed < PATIENCE;
    setTimeout(ask, EVERY);
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    sound ??= new AudioContext();
    await sound.resume();
    button.hidden = true;
    ring();
  });
  ask();
});
