/** One job, updated in place, so that focus stays. */

import { language, t } from "../i18n.js";
import { all, button, fill, h, one, say, setText, show, stamp } from "../lib/dom.js";
import { clock, languageName, moment, percent, span } from "../lib/format.js";
import { hasEnded } from "../reducer-jobs.js";
import { deskAddress, jobBody } from "./job-body.js";

/** @typedef {ReturnType<typeof jobCard>} JobCard */

/** @param {string} id @param {Page} page @param {(open: boolean) => void} onToggle */
export function jobCard(id, page, onToggle) {
	const { actions } = page;
	const element = stamp("job-card");
	const [name, status, facts, buttons] = all(element, ".name", ".chip", ".meta .figures", ".actions");
	const [doing, error, problem] = all(element, ".doing", ".problem", "[role=alert]");
	const toggle = one(element, ".toggle", HTMLButtonElement);
	const bar = one(element, "progress", HTMLProgressElement);
	const excerpt = one(element, ".excerpt", HTMLAnchorElement);
	element.dataset.job = id;
	toggle.setAttribute("aria-controls", `text-${id}`);
	toggle.addEventListener("click", () => onToggle(toggle.ariaExpanded !== "true"));
	/** Made when it is first open: a long list has thousands of cards. @type {ReturnType<typeof jobBody>|undefined} */
	let body;

	/** What can be done with it as it is. @param {Job} job */
	function updateActions({ status, filename: name }) {
		const deeds = deedsOn(status);
		const keys = deeds.map(([key]) => key).join(" ");
		if (buttons.dataset.deeds !== keys) {
			const held = buttons.contains(document.activeElement);
			buttons.dataset.deeds = keys;
			fill(buttons, ...deeds.map(([key, mark, deed]) => button("small ghost", key, deed, mark)));
			// A button that goes hands the focus on, so that the keyboard doesn't lose its place.
			if (held) /** @type {HTMLElement} */ (buttons.firstElementChild).focus();
		}
		for (const each of /** @type {Iterable<HTMLElement>} */ (buttons.children)) {
			each.title = t("job.of", { action: each.textContent ?? "", name });
		}
	}

	/** @param {JobStatus} status @returns {[Key, Icon, () => void][]} */
	function deedsOn(status) {
		if (!hasEnded(status)) return [["job.cancel", "close", () => actions.cancel(id)]];
		/** @type {ReturnType<typeof deedsOn>} */
		const again = [
			["job.retry", "retry", () => actions.retry(id)],
			["job.retry_other", "retry", () => actions.retry(id, page.options())],
		];
		return [...(status === "completed" ? [] : again), ["job.remove", "trash", () => actions.remove(id)]];
	}

	return {
		element,

		/** A search's hits, each in context. @param {readonly string[]|undefined} parts @param {string} query */
		found(parts, query) {
			show(excerpt, parts !== undefined);
			excerpt.replaceChildren(...(parts ?? []).map((part, at) => (at % 2 ? h("mark", {}, part) : part)));
			excerpt.href = deskAddress(id, undefined, query);
		},

		/** @param {Entry} entry @param {boolean} open @param {boolean} hasText */
		update(entry, open, hasText) {
			const { job } = entry;
			const works = job.status === "processing";
			element.dataset.status = job.status;
			setText(name, job.filename);
			name.title = job.filename;
			setText(status, t(`status.${job.status}`));
			setText(facts, factsOf(entry));
			show(bar, works);
			if (works && job.progress > 0) bar.value = job.progress;
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: job.filename });
			say(doing, hasEnded(job.status) ? "" : doingOf(job));
			say(error, job.status === "failed" ? (job.error?.message ?? job.message) : "");
			say(problem, entry.problem ?? "");
			toggle.disabled = !hasText;
			toggle.ariaExpanded = String(open);
			if (open && !body) {
				body = jobBody(id);
				element.append(body.element);
			}
			if (open) body?.update(entry);
			if (body) show(body.element, open);
			updateActions(job);
		},
	};
}

/** How long, which language, which model, when. @param {Entry} entry */
export function factsOf({ job, result }) {
	const spoken = job.language && job.language !== "auto" ? languageName(job.language, job.language, language()) : "";
	const parts = [
		job.audio_duration ? clock(job.audio_duration) : "",
		spoken,
		job.model,
		moment(job.created_at, language(), new Date()),
		result ? t("job.took", { time: span(result.processing_time, language()) }) : "",
	];
	return parts.filter(Boolean).join(" · ");
}

/** How far a job is that has not ended. @param {Job} job */
export function doingOf(job) {
	const left = job.estimated_time_remaining;
	const time = left ? span(left, language()) : "";
	const parts =
		job.status === "processing"
			? [percent(job.progress, language()), job.message, time && t("job.left", { time })]
			: [
					job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
					time && t("job.starts", { time }),
				];
	return parts.filter(Boolean).join(" · ");
}
