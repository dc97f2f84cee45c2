/** The audio tracks of a recording that has several: another one is transcribed as a new job. */

import { errorText } from "../api.js";
import { trackName, usedTrack } from "../components/track-choice.js";
import { language, t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { h, query, setVisible } from "../lib/dom.js";

/** @param {HTMLElement} element @param {Api} api @param {(text: string) => void} say @returns {(job: Job) => void} shows a job's tracks */
export function trackMenu(element, api, say) {
	const list = query(element, "div");

	/** @param {Job} job @param {import("../components/track-choice.js").Track} track */
	function item(job, track) {
		const name = trackName(track);
		const onclick = () =>
			api.transcribeAgain(job.job_id, { audio_track: String(track.number) }).then(() => say(t("tracks.started", { name })), (error) => say(errorText(error)));
		return h("button", { class: "menu-item", "aria-pressed": String(track === usedTrack(job)), onclick }, name);
	}

	return (job) => {
		const tracks = job.audio_tracks ?? [];
		setVisible(element, tracks.length > 1 && hasEnded(job.status));
		const shown = `${job.job_id} ${language()} ${usedTrack(job)?.number}`;
		if (element.dataset.shown === shown) return;
		element.dataset.shown = shown;
		list.replaceChildren(...tracks.map((track) => item(job, track)));
	};
}
