/**
 * Lets the page open while the server is away; it then waits and goes on by itself. Everything is asked of the server
 * first, so an upgrade is seen at once: what is kept here is only for when nobody answers. Never anything but the shell.
 */

const CACHE = "shell";
const SHELL = /\/$|\/(css|js)\/|\.(svg|png|webmanifest)$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
	const { request } = event;
	const { pathname } = new URL(request.url);
	const scope = new URL(self.registration.scope).pathname;
	if (request.method === "GET" && pathname.startsWith(scope) && SHELL.test(pathname)) event.respondWith(answer(request));
});

async function answer(request) {
	const cache = await caches.open(CACHE);
	let response;
	try {
		response = await fetch(request);
	} catch (error) {
		const kept = await cache.match(request, { ignoreSearch: true });
		if (kept) return kept;
		throw error;
	}
	if (response.ok && response.type === "basic" && !response.redirected) await cache.put(request, response.clone());
	return response;
}
