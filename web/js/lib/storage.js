/** What the browser remembers of this page; without storage it works and forgets. */

const PREFIX = "localwhisper.";

/**
 * @template T
 * @param {string} name @param {T} fallback
 * @returns {T}
 */
export function load(name, fallback) {
	try {
		const text = localStorage.getItem(PREFIX + name);
		return text === null ? fallback : JSON.parse(text);
	} catch {
		return fallback;
	}
}

/** @param {string} name @param {unknown} value */
export function save(name, value) {
	try {
		localStorage.setItem(PREFIX + name, JSON.stringify(value));
	} catch {
		// full or forbidden: the choice holds until the page is closed
	}
}
