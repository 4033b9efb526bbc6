// Keeps the app on the phone, so that it starts in a tunnel. VERSION and FILES come before this.
// Only what the app is made of is kept here: trips and taps are in the app's own database.

const CACHE = `driver-${VERSION}`;
const HOME = FILES[0];

self.addEventListener("install", (event) => {
  const fresh = FILES.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname.startsWith(HOME)) event.respondWith(kept(HOME, event.request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, event.request));
});

async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

async function forgetOld() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("driver-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
