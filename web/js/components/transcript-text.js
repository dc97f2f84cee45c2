/** The lines of a transcript with their times. While the job runs, lines are added and the view scrolls with them. */

import { t } from "../i18n.js";
import { h, queryEach, setTextOrHide } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

/** Scrolls to new lines if the reader is within this distance of the end. */
const FOLLOW_PX = 48;

/** @param {HTMLElement} element @param {(seconds: number) => void} onPlay */
export function transcriptText(element, onPlay) {
	const [list, paragraph] = queryEach(element, "ol", ".plain");
	/** @type {Lines} */
	let shown = [];

	/** @param {Segment} segment */
	function createLine({ id, start, text }) {
		const time = h("button", { type: "button", class: "time figures", onclick: () => onPlay(start) }, formatTime(start));
		time.ariaLabel = t("job.play_from", { time: formatTime(start) });
		return h("li", { "data-segment": id }, time, h("span", { dir: "auto" }, text.trim()));
	}

	return {
		/**
		 * @param {Lines} segments @param {string} text shown where there are no segments
		 * @param {{showTimes: boolean, isPlayable: boolean, isLive: boolean}} options
		 */
		update(segments, text, { showTimes, isPlayable, isLive }) {
			const follow = isLive && element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_PX;
			setTextOrHide(paragraph, text);
			segments.forEach((segment, index) => {
				const line = list.children[index];
				if (!line) list.append(createLine(segment));
				else if (shown[index] !== segment) line.replaceWith(createLine(segment));
			});
			while (list.children.length > segments.length) list.lastElementChild?.remove();
			shown = segments;
			element.dataset.times = String(showTimes);
			element.dataset.live = String(isLive);
			for (const time of list.querySelectorAll("button")) time.disabled = !isPlayable;
			if (follow) element.scrollTo({ top: element.scrollHeight });
		},
	};
}
