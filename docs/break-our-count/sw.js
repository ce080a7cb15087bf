// @ts-nocheck The page's service worker: its files from the cache, and the list of them, if
// possible, from the network.
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const url = new URL(request.url);
  if (url.pathname.endsWith('/files.json')) return fromNetwork(request);
  if (url.search) return fetch(request); // of the download
  const path = request.mode === 'navigate' ? new URL('./index.html', registration.scope) : request;
  return (await caches.match(path)) ?? fetch(request);
}

async function fromNetwork(request) {
  try {
    return await fetch(request, { cache: 'no-cache' });
  } catch {
    return caches.match(request);
  }
}
