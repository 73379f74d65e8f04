// Stands between the pages and the network. It keeps the empty form with its scripts, styles and the list of places,
// and nothing else: no page about anybody, no answer. Everything that is sent goes past it.
"use strict";
const told = {{ told|safe }};
const name = `puente-${told.version}`, LIMIT = 8000;  // milliseconds

// All or nothing; a redirect (to the sign-in, say) or an error must never be kept as the form.
async function fill() {
  const kept = await caches.open(name);
  await Promise.all([...told.pages, ...told.files].map(async address => {
    const answer = await fetch(address, {cache: "reload", redirect: "error", credentials: "same-origin"});
    if (answer.status !== 200) throw new Error(`${address}: ${answer.status}`);
    await kept.put(address, answer);
  }));
}
async function forget() {
  for (const each of await caches.keys()) if (each.startsWith("puente-") && each !== name) await caches.delete(each);
}
const kept = address => caches.open(name).then(cache => cache.match(address, {ignoreVary: true}));

// A form that somebody is typing into has all it needs: the next version may take over at once.
addEventListener("install", event => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", event => event.waitUntil(forget().then(() => clients.claim())));

async function page(request) {
  const tooLong = new Promise((_resolve, reject) => { setTimeout(reject, LIMIT); });
  try {
    return await Promise.race([fetch(request), tooLong]);
  } catch {
    const here = told.pages.find(each => new URL(request.url).pathname.startsWith(each.slice(0, 4))) || told.pages[0];
    return await kept(here) || Response.error();
  }
}
async function shell(request, path) {
  return await kept(path) || fetch(request);
}
addEventListener("fetch", event => {
  const {request} = event, {origin, pathname} = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode !== "navigate") {
    if (told.files.includes(pathname)) event.respondWith(shell(request, pathname));
  } else if (told.pages.includes(pathname)) event.respondWith(shell(request, pathname));
  else if (!/^\/\w\w\/admin\//.test(pathname)) event.respondWith(page(request));  // reports and files take their time
});
