/** What the page reports by itself: the connection, the queue, and announcements for screen readers. */

import { t } from "../i18n.js";
import { query, setText, setVisible } from "../lib/dom.js";

/** Visible while the server is unreachable. @type {Component} */
export function connectionBanner(element) {
	const banner = query(element, ".banner");
	return ({ connection }) => setVisible(banner, connection === "reconnecting");
}

/** How many jobs are running and waiting. @type {Component} */
export function queueStatus(element) {
	return ({ queue }) => {
		if (!queue) return;
		const { active_jobs: running, queue_size: waiting, is_running: isOpen } = queue;
		const parts = isOpen ? [running && t("queue.running", { count: running }), waiting && t("queue.waiting", { count: waiting })] : [t("queue.stopped")];
		setText(element, parts.filter(Boolean).join(", "));
	};
}

/** An ARIA live region. Progress and single segments are not announced. @type {Component} */
export function liveRegion(element) {
	return (state, before) => {
		const text = before ? [...jobAnnouncements(state, before), ...uploadAnnouncements(state, before), ...modelAnnouncements(state, before)].join(" ") : "";
		if (text) element.textContent = text;
	};
}

/** @type {(state: State, before: State) => Iterable<string>} */
function* jobAnnouncements(state, before) {
	if (state.entries === before.entries || before.connection !== "online") return;
	for (const [id, { job }] of Object.entries(state.entries)) {
		const previous = before.entries[id]?.job.status;
		const name = job.filename;
		if (previous === job.status) continue;
		if (!previous && job.status === "queued") yield t("announce.received", { name });
		else if (job.status === "completed" || job.status === "failed") yield t(`announce.${job.status}`, { name });
	}
}

/** @type {(state: State, before: State) => Iterable<string>} */
function* uploadAnnouncements({ uploads }, before) {
	if (uploads === before.uploads) return;
	for (const { id, phase, filename: name, error } of uploads) {
		const previous = before.uploads.find((upload) => upload.id === id)?.phase;
		if (phase === "failed" && previous !== "failed") yield `${t("announce.upload_failed", { name })} ${error ?? ""}`;
	}
}

/** @type {(state: State, before: State) => Iterable<string>} */
function* modelAnnouncements({ models }, before) {
	if (models === before.models) return;
	for (const { name, available } of models) {
		if (available && before.models.some((model) => model.name === name && model.download)) yield t("announce.model_ready", { name });
	}
}
