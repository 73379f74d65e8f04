// "ola" is Olancho, Honduras. The same rules as intake/places.py, on the list that it serves.
"use strict";
(() => {
  const fold = text => text.normalize("NFKD").toLowerCase().replace(/\p{M}|['’]/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const words = names => names.flatMap(name => name.split(" "));

  function rank([, own, full, nearness, region], typed) {
    const starts = typed.split(" ");
    if (!words(own).some(word => word.startsWith(starts[0]))) return null;
    const all = words([...own, ...full]);
    if (!starts.every(start => all.some(word => word.startsWith(start)))) return null;
    return (own.includes(typed) || full.includes(typed) ? 0 : 1) * 100 + nearness * 10 + region;
  }
  // The labels that fit best: one when it is clear, several when it is not.
  function find(text, list) {
    const typed = fold(text);
    if (!typed) return [];
    const ranked = list.map(entry => [rank(entry, typed), entry[0]]).filter(([r]) => r !== null);
    const best = Math.min(...ranked.map(([r]) => r));
    return ranked.filter(([r]) => r === best).map(([, label]) => label);
  }
  // Two scripts of one page want the same list: it is asked for once.
  const lists = new Map();
  const fetched = url => fetch(url, {credentials: "same-origin"}).then(answer => (answer.ok ? answer.json() : []));
  function load(url) {
    if (!lists.has(url)) lists.set(url, fetched(url));
    return lists.get(url);
  }
  window.places = {find, load};
})();
