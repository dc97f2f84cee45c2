/** All jobs as cards, newest first, and what looks for some of them; only the cards whose job changed are touched. */

import { query, setVisible } from "../lib/dom.js";
import { jobCard } from "./job-card.js";

const PAUSE_MS = 200;

/** @type {Component} */
export function jobList(element, app) {
	const { actions, store } = app;
	/** @type {Map<string, import("./job-card.js").JobCard>} */
	const cards = new Map();
	/** What a person opened or closed. @type {Map<string, boolean>} */
	const toggled = new Map();
	/** The finished job that is open unless a person closes it. */
	let newest = "";
	const list = query(element, ".cards");
	const empty = query(element, "#jobs-empty");
	const none = query(element, "#jobs-none");
	const older = query(element, "#older");
	older.addEventListener("click", () => actions.loadOlder());
	// The next page comes before its place is reached; the button is for those who don't scroll.
	new IntersectionObserver(([seen]) => seen?.isIntersecting && actions.loadOlder(), { rootMargin: "600px" }).observe(older);

	/** @param {string} id @param {State} state */
	function updateCard(id, state) {
		const entry = state.entries[id];
		if (!entry) return;
		const { job, result, loading, problem, watched } = entry;
		const hasText = job.status === "completed" || entry.segments.length > 0;
		const open = hasText && (toggled.get(id) ?? (job.status === "processing" || watched || id === newest));
		cards.get(id)?.update(entry, open, hasText);
		if (open && job.status === "completed" && !result && !loading && !problem) {
			queueMicrotask(() => actions.loadJob(id)); // not from within the dispatch that led here
		}
	}

	/** @param {readonly string[]} order */
	function arrange(order) {
		const known = new Set(order);
		for (const [id, card] of cards) {
			if (known.has(id)) continue;
			const held = card.element.contains(document.activeElement);
			card.element.remove();
			if (held) element.closest("section")?.focus();
			cards.delete(id);
		}
		let place = list.firstElementChild;
		for (const id of order) {
			let card = cards.get(id);
			if (!card) {
				card = jobCard(id, app, (open) => {
					toggled.set(id, open);
					updateCard(id, store.state);
				});
				cards.set(id, card);
			}
			if (card.element === place) place = place.nextElementSibling;
			else list.insertBefore(card.element, place);
		}
	}

	return (state, before) => {
		const { found, entries, leaving } = state;
		const { dataset } = document.body;
		const any = state.order.length + state.uploads.length > 0;
		if (state.connection !== "connecting") dataset.history = String(any);
		if (state.connection === "online") dataset.cameWith ??= any ? "transcripts" : "nothing"; // nothing moves under a click
		setVisible(empty, state.connection === "online" && !found && !state.order.length && !state.uploads.length);
		setVisible(none, found !== null && !found.order.length);
		setVisible(older, found ? found.cursor !== null : state.more);
		const same = before && found === before.found && leaving === before.leaving;
		if (same && entries === before.entries && state.order === before.order) return;
		const was = newest;
		newest = state.order.find((id) => entries[id]?.job.status === "completed") ?? "";
		const order = (found?.order ?? state.order).filter((id) => entries[id] && !leaving.includes(id));
		if (!same || state.order !== before.order) arrange(order);
		for (const id of order) {
			const touched = !same || entries[id] !== before.entries[id] || (was !== newest && (id === was || id === newest));
			if (touched) updateCard(id, state);
			if (!same) cards.get(id)?.found(found?.excerpts[id], state.filter.q);
		}
	};
}

/** Words of names and texts, and a state. @type {Component} */
export function historyFilter(element, { actions, commands }) {
	const searchInput = query(element, "input", HTMLInputElement);
	const states = query(element, "select", HTMLSelectElement);
	/** @type {Timer} */
	let timer;
	searchInput.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => actions.filter({ q: searchInput.value.trim() }), PAUSE_MS);
	});
	states.addEventListener("change", () => actions.filter({ status: states.value }));
	commands["home search"] = () => searchInput.select();
}
