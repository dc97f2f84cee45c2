/** The audio tracks of a recording that has several: another one is transcribed as a new job. */

import { errorText } from "../api.js";
import { language, t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { h, query, setVisible } from "../lib/dom.js";
import { languageName } from "../lib/format.js";

/** @param {HTMLElement} element @param {Api} api @param {(text: string) => void} say @returns {(job: Job) => void} shows a job's tracks */
export function trackMenu(element, api, say) {
	const list = query(element, "div");

	/** @param {Job} job @param {{number: number, language: string|null}} track */
	function item(job, track) {
		const name = track.language ? `${track.number} · ${languageName(track.language, track.language, language())}` : String(track.number);
		const isUsed = job.options?.audio_track === String(track.number);
		const onclick = () =>
			api.transcribeAgain(job.job_id, { audio_track: String(track.number) }).then(() => say(t("tracks.started", { name })), (error) => say(errorText(error)));
		return h("button", { type: "button", class: "menu-item", "aria-pressed": isUsed, onclick }, name);
	}

	return (job) => {
		const tracks = job.audio_tracks ?? [];
		setVisible(element, tracks.length > 1 && hasEnded(job.status));
		if (element.dataset.shown === `${job.job_id} ${language()}`) return;
		element.dataset.shown = `${job.job_id} ${language()}`;
		list.replaceChildren(...tracks.map((track) => item(job, track)));
	};
}
