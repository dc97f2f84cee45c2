/** All jobs as cards, newest first. Only the cards of jobs that changed are updated. */

import { hasEnded } from "../job-reducer.js";
import { arrangeBlocks, inBlocks } from "../lib/blocks.js";
import { query, setVisible } from "../lib/dom.js";
import { save } from "../lib/storage.js";
import { jobCard } from "./job-card.js";

/** The next page is loaded this far before it scrolls into view. */
const PRELOAD_MARGIN = "600px";

/** Jobs that can be selected: those that are listed and have ended. @param {State} state */
export function visibleIds({ entries, jobIds, removing, searchResults }) {
	const ids = searchResults?.jobIds ?? jobIds;
	return ids.filter((id) => entries[id] && hasEnded(entries[id].job.status) && !removing.includes(id));
}

/** @type {Component} */
export function jobList(element, app) {
	const { actions } = app;
	/** @type {Map<string, import("./job-card.js").JobCard>} */
	const cards = new Map();
	const list = query(element, ".cards");
	list.replaceChildren();
	const noJobs = query(element, "#no-jobs");
	const noMatches = query(element, "#no-matches");
	const loadOlder = query(element, "#load-older");
	loadOlder.addEventListener("click", () => actions.loadOlder());
	const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && actions.loadOlder(), { rootMargin: PRELOAD_MARGIN });
	observer.observe(loadOlder);

	/** @param {readonly string[]} ids */
	function arrangeCards(ids) {
		const listed = new Set(ids);
		for (const [id, card] of cards) {
			if (listed.has(id)) continue;
			const hadFocus = card.element.contains(document.activeElement);
			card.element.remove();
			if (hadFocus) element.closest("section")?.focus();
			cards.delete(id);
		}
		arrangeBlocks(list, inBlocks(ids.map((id) => (cards.get(id) ?? createCard(id)).element)));
	}

	/** @param {string} id */
	function createCard(id) {
		const card = jobCard(id, app);
		cards.set(id, card);
		return card;
	}

	/** @param {State} state */
	function updatePlaceholders({ connection, jobIds, uploads, searchResults, hasOlder }) {
		const isEmpty = !jobIds.length && !uploads.length;
		if (connection === "connecting") return;
		document.documentElement.dataset.hasJobs = String(!isEmpty);
		save("has-jobs", !isEmpty); // the next visit begins with this layout
		setVisible(noJobs, connection === "online" && !searchResults && isEmpty);
		setVisible(noMatches, searchResults !== null && !searchResults.jobIds.length);
		setVisible(loadOlder, searchResults ? searchResults.cursor !== null : hasOlder);
	}

	return (state, before) => {
		const { entries, filter, jobIds, removing, searchResults, selected } = state;
		updatePlaceholders(state);
		const sameView = before && searchResults === before.searchResults && removing === before.removing;
		const sameIds = sameView && jobIds === before.jobIds;
		const sameSelection = before?.selected === selected;
		if (sameIds && sameSelection && entries === before.entries) return;
		const shownIds = (searchResults?.jobIds ?? jobIds).filter((id) => entries[id] && !removing.includes(id));
		if (!sameIds) arrangeCards(shownIds);
		for (const id of shownIds) {
			const entry = entries[id];
			if (entry && (!sameSelection || entry !== before?.entries[id])) cards.get(id)?.showSelection(selected, entry.job);
			if (entry && (!sameView || entry !== before.entries[id])) cards.get(id)?.update(entry);
			if (!sameView) cards.get(id)?.showExcerpt(searchResults?.excerpts[id], wordsOf(filter.q));
		}
	};
}

/** What is searched for in the text, without those who speak. @param {string} search */
function wordsOf(search) {
	return search.replace(/(^|\s)(speaker|hablante):("[^"]*"?|\S+)/gi, " ").trim();
}
