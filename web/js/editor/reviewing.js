/** What is reviewed on the desk: differences from a second text or from what was heard, and unsure words. */

import { t } from "../i18n.js";
import { query, setTextOrHide } from "../lib/dom.js";
import { formatPercent } from "../lib/format.js";
import { differencesSource } from "./differences.js";
import { createReview } from "./review.js";
import { scriptDialog } from "./script-dialog.js";
import { secondTexts } from "./second-texts.js";
import { unsureWordsSource } from "./unsure-words.js";

/** @param {HTMLElement} element the desk @param {App} app @param {() => OpenTranscript|undefined} current */
export function connectReviewing(element, app, current) {
	const { api, commands, store, tryOrTell } = app;
	const wordTimes = query(element, "#word-times");
	const review = createReview(query(element, ".review"), {
		play: (from, to) => current()?.player.playPart(from, to),
		mark: (places, item) => current()?.lines.marks.setReviewed(places, item),
		closed: () => current()?.player.pause(),
		tryOrTell,
	});
	const second = secondTexts(app, current, reviewDifferences);
	const script = scriptDialog(app, current, (id) => reviewDifferences(id, t("review.script")));
	commands.register({
		"editor:again": second.openDialog,
		"editor:second-opinion": second.secondOpinion,
		"editor:review-differences": second.review,
		"editor:cancel-second": second.cancel,
		"editor:dismiss-second": second.dismiss,
		"editor:align": script.open,
		"editor:review-unsure": () => begin(async (open) => {
			// their times are found first, if the job has none
			if (open.session.lines.some(({ words }) => !words)) await open.session.takeFromServer(() => api.words(open.id));
			return unsureWordsSource(open, review.update);
		}),
	});

	/** @param {string} otherId @param {string} title */
	function reviewDifferences(otherId, title) {
		return begin((open) => differencesSource(api, open, otherId, title, review.update));
	}

	/** @param {(open: OpenTranscript) => Promise<ReviewSource>} load */
	async function begin(load) {
		const open = current();
		if (!open) return;
		await tryOrTell(async () => {
			await open.session.save();
			if (!open.session.lines.length) await app.actions.loadJob(open.id); // it was opened just now
			const source = await load(open);
			if (open === current()) review.open(source);
		});
	}

	return {
		/** The text has changed. */
		update: () => void (review.isOpen && review.update()),

		/** Jobs have changed. @param {string} id the open one */
		render(id) {
			const aligned = store.state.entries[id]?.aligned ?? null;
			second.render(store.state, id);
			script.render(aligned);
			setTextOrHide(wordTimes, aligned === null ? "" : t("review.finding", { percent: formatPercent(aligned) }));
		},

		/** @returns {boolean} whether a review was open */
		close() {
			const wasOpen = review.isOpen;
			review.close();
			return wasOpen;
		},
	};
}
