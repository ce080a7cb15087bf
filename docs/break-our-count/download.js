/**
 * Downloads what the page needs, with progress, into the browser's cache, from which the service
 * worker serves it: once loaded, the page works without a network.
 */

/**
 * @typedef {{digest: string, bytes: number, files: {path: string, bytes: number}[]}} Manifest
 */

/** @returns {Promise<Manifest>} what the site has; without a network what is in the cache */
export async function readManifest() {
  return (await fetch('./files.json')).json();
}

/** @param {Manifest} manifest */
const nameOf = (manifest) => `break-our-count-${manifest.digest}`;

/**
 * Deletes what is cached of other versions; the page that is open may be one of them.
 * @param {Manifest} manifest @returns {Promise<boolean>} whether there was any
 */
export async function forgetOtherVersions(manifest) {
  if (!('caches' in self)) return false;
  const others = (await caches.keys()).filter((key) => key.startsWith('break-our-count-') && key !== nameOf(manifest));
  await Promise.all(others.map((key) => caches.delete(key)));
  return others.length > 0;
}

/**
 * Puts every file into the cache of this version.
 * @param {Manifest} manifest @param {(bytes: number) => void} onProgress
 */
export async function download(manifest, onProgress) {
  if (!('serviceWorker' in navigator) || !('caches' in self)) return; // then Python is loaded as usual
  await navigator.serviceWorker.register('./sw.js');
  await navigator.serviceWorker.ready;
  const cache = await caches.open(nameOf(manifest));
  let loaded = 0;
  for (const { path, bytes } of manifest.files) {
    if (!(await cache.match(path))) await store(cache, path, manifest.digest, (part) => onProgress(loaded + part));
    onProgress((loaded += bytes));
  }
  await cache.put('files.json', new Response(JSON.stringify(manifest)));
}

/**
 * @param {Cache} cache @param {string} path @param {string} digest
 * @param {(bytes: number) => void} onProgress
 */
async function store(cache, path, digest, onProgress) {
  // The query keeps a file of an older version, in any cache on the way, from being taken.
  const answer = await fetch(`./${path}?${digest}`);
  if (!answer.ok || !answer.body) throw new Error(`${path}: ${answer.status}`);
  const [read, kept] = answer.body.tee();
  const stored = cache.put(path, new Response(kept, { headers: answer.headers }));
  const reader = read.getReader();
  for (let bytes = 0, part = await reader.read(); !part.done; part = await reader.read()) {
    onProgress((bytes += part.value.length));
  }
  await stored;
}
