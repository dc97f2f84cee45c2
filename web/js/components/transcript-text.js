/** The lines of a transcript with their times; grows while the job runs and follows the newest line. */

import { t } from "../i18n.js";
import { queryEach, h, setTextOrHide } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

/** Nearer to the end than this, a reader is taken to follow. */
const FOLLOW_PX = 48;

/** @param {HTMLElement} element @param {(seconds: number) => void} onPlay */
export function transcriptText(element, onPlay) {
	const [list, lineless] = queryEach(element, "ol", ".plain");
	/** @type {Lines} */
	let shown = [];

	/** @param {Segment} segment */
	function lineOf({ id, start, text }) {
		const time = h("button", { type: "button", class: "time figures", onclick: () => onPlay(start) }, formatTime(start));
		time.ariaLabel = t("job.play_from", { time: formatTime(start) });
		return h("li", { "data-segment": id }, time, h("span", { dir: "auto" }, text.trim()));
	}

	return {
		/** @param {Lines} segments @param {string} plain without any @param {{times: boolean, playable: boolean, live: boolean}} how */
		update(segments, plain, { times, playable, live }) {
			const follows = live && element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_PX;
			setTextOrHide(lineless, plain);
			segments.forEach((segment, at) => {
				const line = list.children[at];
				if (!line) list.append(lineOf(segment));
				else if (shown[at] !== segment) line.replaceWith(lineOf(segment));
			});
			while (list.children.length > segments.length) list.lastElementChild?.remove();
			shown = segments;
			element.dataset.times = String(times);
			element.dataset.live = String(live);
			for (const time of list.querySelectorAll("button")) time.disabled = !playable;
			if (follows) element.scrollTo({ top: element.scrollHeight });
		},
	};
}
