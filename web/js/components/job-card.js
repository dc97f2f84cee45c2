/** One job in the list. The whole card opens the desk. Its elements are updated, never replaced, so that focus stays. */

import { t } from "../i18n.js";
import { canOpen, hasEnded, hasText } from "../job-reducer.js";
import { button, cloneTemplate, h, query, queryEach, setChildren, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { transcriptHref } from "../router.js";
import { cardMenu } from "./card-menu.js";
import { jobFacts } from "./job-facts.js";
import { progressText } from "./job-progress.js";
import { modelRemedy } from "./model-remedy.js";

/** More isn't visible in two lines. */
const PREVIEW_CHARS = 240;
/** Of which the newest text of a running job is shown. */
const LIVE_CHARS = 120;

/** @typedef {ReturnType<typeof jobCard>} JobCard */

/** @param {string} id @param {App} app */
export function jobCard(id, app) {
	const { actions } = app;
	const element = cloneTemplate("job-card");
	const [status, facts, actionBar, preview] = queryEach(element, ".status-badge", ".meta .figures", ".actions", ".preview");
	const [progress, jobError, actionError] = queryEach(element, ".progress-text", ".error", "[role=alert]");
	const name = query(element, ".name", HTMLAnchorElement);
	const box = query(element, ".select-job", HTMLInputElement);
	const tags = query(element, ".tags");
	const bar = query(element, "progress", HTMLProgressElement);
	const excerpt = query(element, ".excerpt", HTMLAnchorElement);
	const [speakers, tracks, reason, warnings] = queryEach(element, ".speakers", ".tracks", ".model-reason", ".warnings");
	const remedy = modelRemedy(id, app);
	jobError.after(remedy.element);
	const menu = cardMenu(id, app);
	const main = h("span");
	element.dataset.job = id;
	box.addEventListener("change", toggleSelected);
	name.addEventListener("click", (event) => {
		if (box.hidden) return;
		event.preventDefault();
		box.checked = !box.checked;
		toggleSelected();
	});
	actionBar.append(main, menu.element);

	function toggleSelected() {
		const others = (app.store.state.selected ?? []).filter((other) => other !== id);
		app.store.dispatch({ type: "selection/changed", data: box.checked ? [...others, id] : others });
	}

	/** A click shows the others that have it. @param {string} tag */
	function tagButton(tag) {
		return h("button", { class: "tag", dir: "auto", onclick: () => actions.filter({ tag }) }, tag);
	}

	/** The one action that a job in this state asks for. @param {Job} job */
	function updateAction(job) {
		const [key, run] = mainAction(job);
		if (main.dataset.action === key) return;
		const hadFocus = main.contains(document.activeElement);
		main.dataset.action = key;
		setChildren(main, ...(key ? [button("small", key, run)] : []));
		if (hadFocus) (main.querySelector("button") ?? name).focus();
	}

	/** @param {Job} job @returns {[TextKey|"", () => void]} */
	function mainAction(job) {
		if (job.status === "completed" || job.status === "pending") return ["", () => undefined];
		if (!hasEnded(job.status)) return ["job.cancel", () => actions.cancel(id)];
		return [hasText(job) ? "job.continue" : "job.retry", () => actions.retry(id)];
	}

	return {
		element,

		/** @param {readonly string[]|undefined} parts text and matches in turn @param {string} searchText */
		showExcerpt(parts, searchText) {
			setVisible(excerpt, parts !== undefined);
			excerpt.replaceChildren(...(parts ?? []).map((part, index) => (index % 2 ? h("mark", {}, part) : part)));
			excerpt.href = transcriptHref(id, undefined, searchText);
		},

		/** @param {readonly string[]|null} selected ids; null: none can be selected @param {Job} job */
		showSelection(selected, job) {
			setVisible(box, selected !== null && hasEnded(job.status));
			box.checked = selected?.includes(id) ?? false;
			box.ariaLabel = t("bulk.select", { name: job.filename });
		},

		/** @param {JobEntry} entry */
		update(entry) {
			const { job } = entry;
			const isRunning = job.status === "processing";
			element.dataset.status = job.status;
			setText(name, job.filename);
			name.title = job.filename;
			if (canOpen(job)) name.href = transcriptHref(id);
			else name.removeAttribute("href");
			setTextOrHide(status, job.status === "completed" ? "" : t(`status.${job.status}`));
			setText(facts, jobFacts(entry));
			if (tags.textContent !== (job.tags ?? []).join("")) tags.replaceChildren(...job.tags.map(tagButton));
			setVisible(bar, isRunning);
			if (isRunning && job.progress > 0) bar.value = job.progress;
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: job.filename });
			setTextOrHide(progress, hasEnded(job.status) || job.status === "pending" ? "" : progressText(job));
			const text = previewText(entry);
			setText(preview, text);
			// Its place is kept until it is loaded.
			setVisible(preview, text !== "" || job.status === "completed" || (entry.loading && hasText(job)));
			if (job.language && job.language !== "auto") preview.lang = job.options?.task === "translate" ? "en" : job.language;
			setTextOrHide(jobError, job.status === "failed" ? (job.error?.message ?? job.message) : "");
			setTextOrHide(reason, modelReason(job));
			setTextOrHide(warnings, (job.warnings ?? []).filter(({ code }) => code !== "audio_track_used").map(({ message }) => message).join(" "));
			remedy.update(job);
			if (entry.speakers.length > 1 || !speakers.hidden) void import("./speaker-names.js").then(({ showSpeakers }) => showSpeakers(speakers, entry.speakers));
			const hasTracks = (job.audio_tracks?.length ?? 0) > 1;
			setVisible(tracks, hasTracks);
			if (hasTracks) void import("./track-choice.js").then(({ showTracks }) => showTracks(tracks, job, app));
			setTextOrHide(actionError, entry.actionError ?? "");
			updateAction(job);
			menu.update(job);
		},
	};
}

/** @param {string} text */
function lastWords(text) {
	return text.length > LIVE_CHARS ? `…${text.slice(-LIVE_CHARS).replace(/^\S*\s/, "")}` : text;
}

/** Why the job has another model than the one it was meant for. @param {Job} job */
function modelReason({ model, model_reason: reason }) {
	const isExpected = !reason || ["model_named", "model_default"].includes(reason.code);
	return isExpected ? "" : t("job.model_reason", { model, reason: reason.message });
}

/** The beginning of the text; of a running job, its end. @param {JobEntry} entry */
function previewText({ job, segments, preview, result }) {
	if (job.status === "processing") return lastWords(segments.slice(-3).map(({ text }) => text.trim()).join(" "));
	let text = "";
	for (const segment of segments) {
		text += segment.text;
		if (text.length > PREVIEW_CHARS) break;
	}
	const isSilent = job.status === "completed" && (preview ?? result?.text)?.trim() === "" && !segments.length;
	return isSilent ? t("job.no_speech") : firstWords((text || preview || result?.text || "").trim());
}

/** @param {string} text */
function firstWords(text) {
	return text.length < PREVIEW_CHARS - 1 ? text : `${text.slice(0, PREVIEW_CHARS).replace(/\s\S{0,30}$/, "")}…`;
}
