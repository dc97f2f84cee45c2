/** Lines that only tell: the connection, the queue, to screen readers what came in and how it ended, and what can still be undone. */

import { t } from "../i18n.js";
import { button, setChildren, h, query, setText, setVisible } from "../lib/dom.js";

export const PATIENCE_MS = 7000;

/** 'Reconnecting…' while the server can't be reached. @type {Component} */
export function connectionBanner(element) {
	const banner = query(element, ".banner");
	return ({ connection }) => setVisible(banner, connection === "reconnecting");
}

/** How busy the machine is, in a few words. @type {Component} */
export function queueStatus(element) {
	return ({ queue }) => {
		const busy = queue && queue.active_jobs + queue.queue_size > 0;
		setText(
			element,
			queue && !queue.is_running ? t("queue.stopped")
			: busy ? t("queue.busy", { active: queue.active_jobs, waiting: queue.queue_size })
			: "",
		);
	};
}

/** Not each segment or percent. @type {Component} */
export function liveRegion(element) {
	return (state, before) => {
		const text = before ? [...jobNews(state, before), ...uploadNews(state, before)].join(" ") : "";
		if (text) element.textContent = text;
	};
}

/** @type {(state: State, before: State) => Iterable<string>} */
function* jobNews(state, before) {
	if (state.entries === before.entries || before.connection !== "online") return;
	for (const [id, { job }] of Object.entries(state.entries)) {
		const was = before.entries[id]?.job.status;
		const name = job.filename;
		if (was === job.status) continue;
		if (!was && job.status === "queued") yield t("said.received", { name });
		else if (job.status === "completed" || job.status === "failed") yield t(`said.${job.status}`, { name });
	}
}

/** @type {(state: State, before: State) => Iterable<string>} */
function* uploadNews({ uploads }, before) {
	if (uploads === before.uploads) return;
	for (const { id, phase, filename: name, error } of uploads) {
		const was = before.uploads.find((upload) => upload.id === id)?.phase;
		if (phase === "failed" && was !== "failed") yield `${t("said.upload_failed", { name })} ${error ?? ""}`;
	}
}

/** One short line at the bottom, with one thing to do about it; goes by itself. @param {HTMLElement} element @returns {Toast} */
export function createToast(element) {
	/** @type {Timer} */
	let timer;
	/** @type {(() => void)|undefined} */
	let gone;

	function hide() {
		clearTimeout(timer);
		gone = undefined;
		setVisible(element, false);
	}

	function pass() {
		if (element.matches(":hover, :focus-within")) return wait();
		const told = gone;
		hide();
		told?.();
	}

	function wait() {
		clearTimeout(timer);
		timer = setTimeout(pass, PATIENCE_MS);
	}

	return {
		hide,
		show(text, action, onAction, onGone) {
			gone?.(); // the line before it has no more time
			gone = onGone;
			const act = () => {
				hide();
				onAction();
			};
			setChildren(element, h("span", { dir: "auto" }, text), button("small", action, act));
			setVisible(element, true);
			wait();
		},
	};
}
