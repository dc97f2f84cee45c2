/**
 * Service worker: lets the page open while the server is unreachable. It is network first, so an upgrade shows at once;
 * the cache holds only the page's own files and is used only offline.
 */

const CACHE = "shell";
const PAGE_FILE = /\/$|\/(css|js)\/|\.(svg|png|webmanifest)$/;
/** The files that a file of the page refers to. */
const REFERENCE = /(?:href|src|from|import)[ =(]"((?:[\w-]|\.\.?\/)[\w/.-]+)"/g;

self.addEventListener("install", (event) => {
	self.skipWaiting();
	event.waitUntil(cachePage());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
	const { request } = event;
	const { pathname } = new URL(request.url);
	const scope = new URL(self.registration.scope).pathname;
	if (request.method === "GET" && pathname.startsWith(scope) && PAGE_FILE.test(pathname)) event.respondWith(networkFirst(request));
});

/** Caches the page and everything it refers to, directly or not, including modules that are loaded later. */
async function cachePage() {
	const urls = new Set([self.registration.scope]);
	for (const url of urls) {
		const text = await (await networkFirst(new Request(url))).text();
		for (const [, reference] of text.matchAll(REFERENCE)) urls.add(new URL(reference, url).href);
	}
}

async function networkFirst(request) {
	const cache = await caches.open(CACHE);
	let response;
	try {
		response = await fetch(request);
	} catch (error) {
		const cached = await cache.match(request, { ignoreSearch: true });
		if (cached) return cached;
		throw error;
	}
	if (response.ok && response.type === "basic" && !response.redirected) await cache.put(request, response.clone());
	return response;
}
