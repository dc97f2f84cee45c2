/** Which of a recording's audio tracks is transcribed, and the others, one click away. */

import { language, t } from "../i18n.js";
import { h } from "../lib/dom.js";
import { languageName } from "../lib/format.js";

/** @typedef {{number: number, language: string|null}} Track */

/** Its number, with its language if the file tells it. @param {Track} track @param {number} [total] */
export function trackName({ number, language: code }, total) {
	const place = total ? t("page.part_of_total", { part: number, total }) : String(number);
	return code ? `${place} (${languageName(code)})` : place;
}

/** The track that a job's text is of; undefined: not known yet. @param {Job} job */
export function usedTrack({ audio_tracks: tracks = [], audio_track_used: used, options }) {
	return tracks.find(({ number }) => number === (used ?? Number(options?.audio_track)));
}

/** @param {HTMLElement} element @param {Job} job @param {App} app */
export function showTracks(element, job, { actions }) {
	const { job_id: id, audio_tracks: tracks = [] } = job;
	const used = usedTrack(job);
	const key = job.status === "completed" ? "tracks.transcribe" : "tracks.use";
	const shown = [language(), key, used?.number].join();
	if (element.dataset.shown === shown) return;
	const hadFocus = element.contains(document.activeElement);
	element.dataset.shown = shown;
	const total = tracks.length;
	const text = used ? t("tracks.used", { name: trackName(used, total) }) : t("tracks.automatic", { total });
	/** @param {Track} track */
	const choice = (track) =>
		h("button", { class: "tag", onclick: () => actions.chooseTrack(id, track.number) }, t(key, { name: trackName(track) }));
	element.replaceChildren(text, ...tracks.filter((track) => track !== used).map(choice));
	if (hadFocus) element.querySelector("button")?.focus();
}
