/** What can be done with a selected part of the text: it appears beside the selection. */

import { clipUrl } from "../api.js";
import { t } from "../i18n.js";
import { h, query, setChildren, setVisible } from "../lib/dom.js";
import { formatTime, stemOf } from "../lib/format.js";

/** As many seconds as the server cuts out at once. */
const MAX_CLIP_S = 300;
const SOUND_FORMATS = ["mp3", "m4a", "opus", "wav"];
const GAP_PX = 8;

/** @typedef {import("./selection.js").SelectedPart} SelectedPart */

/**
 * @param {HTMLElement} element
 * @param {{job: () => Job, selected: () => SelectedPart|null, chosen: () => Omit<SelectedPart, "rect">|null, say: (text: string) => void, copy: App["copy"]}} host
 */
export function selectionBar(element, { job, selected, chosen, say, copy }) {
	const sounds = query(element, "details", HTMLDetailsElement);
	/** @type {SelectedPart|null} */
	let part = null;
	element.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
	sounds.addEventListener("toggle", () => sounds.open && renderSounds());
	document.addEventListener("selectionchange", update);
	addEventListener("scroll", update, { passive: true });

	function update() {
		part = selected();
		setVisible(element, part !== null);
		if (!part) {
			sounds.open = false;
			return;
		}
		const { width, height } = element.getBoundingClientRect();
		const { top, bottom, left } = part.rect;
		const below = bottom + GAP_PX + height < innerHeight;
		element.style.top = `${below ? Math.max(bottom + GAP_PX, 0) : Math.max(top - height - GAP_PX, GAP_PX)}px`;
		element.style.left = `${Math.min(Math.max(left, GAP_PX), innerWidth - width - GAP_PX)}px`;
	}

	function renderSounds() {
		if (!part) return;
		const { start, end } = part;
		const links = SOUND_FORMATS.map((format) =>
			h("a", { class: "format menu-item", href: clipUrl(job().job_id, start, end, format), download: true }, format));
		setChildren(query(sounds, ".formats"), ...(end - start > MAX_CLIP_S ? [h("p", { class: "hint", t: "selection.too_long" })] : links));
	}

	return {
		/** With its times and where it is from. */
		async copyQuotation() {
			const quoted = chosen();
			if (!quoted) return say(t("selection.none"));
			const times = `${formatTime(quoted.start)}–${formatTime(quoted.end)}`;
			const text = t(quoted.speaker ? "selection.quotation_of" : "selection.quotation", { text: quoted.text, speaker: quoted.speaker, name: stemOf(job().filename), times });
			await copy(text, "selection.copied");
		},
	};
}
