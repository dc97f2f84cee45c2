/** Settings in localStorage. Where storage is unavailable, they last until the page is closed. */

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
		// storage is full or forbidden
	}
}
