/** One job, updated in place, so that focus stays. */

import { language, t } from "../i18n.js";
import { queryEach, button, setChildren, h, query, setTextOrHide, setText, setVisible, cloneTemplate } from "../lib/dom.js";
import { formatTime, languageName, formatDate, formatPercent, formatDuration } from "../lib/format.js";
import { hasEnded } from "../job-reducer.js";
import { transcriptHref, jobCardBody } from "./job-card-body.js";

/** @typedef {ReturnType<typeof jobCard>} JobCard */

/** @param {string} id @param {App} app @param {(open: boolean) => void} onToggle */
export function jobCard(id, app, onToggle) {
	const { actions } = app;
	const element = cloneTemplate("job-card");
	const [name, status, facts, buttons] = queryEach(element, ".name", ".status-badge", ".meta .figures", ".actions");
	const [doing, error, problem] = queryEach(element, ".progress-text", ".error", "[role=alert]");
	const toggle = query(element, ".toggle", HTMLButtonElement);
	const bar = query(element, "progress", HTMLProgressElement);
	const excerpt = query(element, ".excerpt", HTMLAnchorElement);
	element.dataset.job = id;
	toggle.setAttribute("aria-controls", `text-${id}`);
	toggle.addEventListener("click", () => onToggle(toggle.ariaExpanded !== "true"));
	/** Made when it is first open: a long list has thousands of cards. @type {ReturnType<typeof jobCardBody>|undefined} */
	let body;

	/** What can be done with it as it is. @param {Job} job */
	function updateActions({ status, filename: name }) {
		const commands = deedsOn(status);
		const keys = commands.map(([key]) => key).join(" ");
		if (buttons.dataset.commands !== keys) {
			const held = buttons.contains(document.activeElement);
			buttons.dataset.commands = keys;
			setChildren(buttons, ...commands.map(([key, mark, deed]) => button("small ghost", key, deed, mark)));
			// A button that goes hands the focus on, so that the keyboard doesn't lose its place.
			if (held) /** @type {HTMLElement} */ (buttons.firstElementChild).focus();
		}
		for (const each of /** @type {Iterable<HTMLElement>} */ (buttons.children)) {
			each.title = t("job.of", { action: each.textContent ?? "", name });
		}
	}

	/** @param {JobStatus} status @returns {[TextKey, IconName, () => void][]} */
	function deedsOn(status) {
		if (!hasEnded(status)) return [["job.cancel", "close", () => actions.cancel(id)]];
		/** @type {ReturnType<typeof deedsOn>} */
		const again = [
			["job.retry", "retry", () => actions.retry(id)],
			["job.retry_other", "retry", () => actions.retry(id, app.selectedOptions())],
		];
		return [...(status === "completed" ? [] : again), ["job.remove", "trash", () => actions.remove(id)]];
	}

	return {
		element,

		/** A search's hits, each in context. @param {readonly string[]|undefined} parts @param {string} query */
		found(parts, query) {
			setVisible(excerpt, parts !== undefined);
			excerpt.replaceChildren(...(parts ?? []).map((part, at) => (at % 2 ? h("mark", {}, part) : part)));
			excerpt.href = transcriptHref(id, undefined, query);
		},

		/** @param {JobEntry} entry @param {boolean} open @param {boolean} hasText */
		update(entry, open, hasText) {
			const { job } = entry;
			const works = job.status === "processing";
			element.dataset.status = job.status;
			setText(name, job.filename);
			name.title = job.filename;
			setText(status, t(`status.${job.status}`));
			setText(facts, jobFacts(entry));
			setVisible(bar, works);
			if (works && job.progress > 0) bar.value = job.progress;
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: job.filename });
			setTextOrHide(doing, hasEnded(job.status) ? "" : progressText(job));
			setTextOrHide(error, job.status === "failed" ? (job.error?.message ?? job.message) : "");
			setTextOrHide(problem, entry.problem ?? "");
			toggle.disabled = !hasText;
			toggle.ariaExpanded = String(open);
			if (open && !body) {
				body = jobCardBody(id);
				element.append(body.element);
			}
			if (open) body?.update(entry);
			if (body) setVisible(body.element, open);
			updateActions(job);
		},
	};
}

/** How long, which language, which model, when. @param {JobEntry} entry */
export function jobFacts({ job, result }) {
	const spoken = job.language && job.language !== "auto" ? languageName(job.language, job.language, language()) : "";
	const parts = [
		job.audio_duration ? formatTime(job.audio_duration) : "",
		spoken,
		job.model,
		formatDate(job.created_at, language(), new Date()),
		result ? t("job.took", { time: formatDuration(result.processing_time, language()) }) : "",
	];
	return parts.filter(Boolean).join(" · ");
}

/** How far a job is that has not ended. @param {Job} job */
export function progressText(job) {
	const left = job.estimated_time_remaining;
	const time = left ? formatDuration(left, language()) : "";
	const parts =
		job.status === "processing"
			? [formatPercent(job.progress, language()), job.message, time && t("job.left", { time })]
			: [
					job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
					time && t("job.starts", { time }),
				];
	return parts.filter(Boolean).join(" · ");
}
