/**
 * Lets the page open while the server is away. The server is always asked first, so an upgrade is seen at once: what is
 * kept is only for when nobody answers, and only the shell.
 */

const CACHE = "shell";
const SHELL = /\/$|\/(css|js)\/|\.(svg|png|webmanifest)$/;
/** What a file of the shell names. */
const NAMED = /(?:href|src|from|import)[ =(]"((?:[\w-]|\.\.?\/)[\w/.-]+)"/g;

self.addEventListener("install", (event) => {
	self.skipWaiting();
	event.waitUntil(keepAll());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
	const { request } = event;
	const { pathname } = new URL(request.url);
	const scope = new URL(self.registration.scope).pathname;
	if (request.method === "GET" && pathname.startsWith(scope) && SHELL.test(pathname)) event.respondWith(answer(request));
});

/** The page, what it names, what that imports, and so on: also what no visit has needed yet. */
async function keepAll() {
	const all = new Set([self.registration.scope]);
	for (const address of all) {
		const text = await (await answer(new Request(address))).text();
		for (const [, named] of text.matchAll(NAMED)) all.add(new URL(named, address).href);
	}
}

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
