/** One job in the list. Its elements are updated, never replaced, so that focus stays. */

import { language, t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { button, cloneTemplate, h, query, queryEach, setChildren, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatDuration, formatPercent } from "../lib/format.js";
import { transcriptHref } from "../router.js";
import { jobCardBody } from "./job-card-body.js";
import { jobFacts } from "./job-facts.js";
import { modelRemedy } from "./model-remedy.js";

/** @typedef {ReturnType<typeof jobCard>} JobCard */

/** @param {string} id @param {App} app @param {(open: boolean) => void} onToggle */
export function jobCard(id, app, onToggle) {
	const { actions } = app;
	const element = cloneTemplate("job-card");
	const [name, status, facts, actionBar] = queryEach(element, ".name", ".status-badge", ".meta .figures", ".actions");
	const [progress, jobError, actionError] = queryEach(element, ".progress-text", ".error", "[role=alert]");
	const toggle = query(element, ".toggle", HTMLButtonElement);
	const bar = query(element, "progress", HTMLProgressElement);
	const excerpt = query(element, ".excerpt", HTMLAnchorElement);
	const reason = query(element, ".model-reason");
	const remedy = modelRemedy(id, app);
	jobError.after(remedy.element);
	element.dataset.job = id;
	toggle.setAttribute("aria-controls", `text-${id}`);
	toggle.addEventListener("click", () => onToggle(toggle.ariaExpanded !== "true"));
	/** Created when first opened: a long list has thousands of cards. @type {ReturnType<typeof jobCardBody>|undefined} */
	let body;

	/** @param {Job} job */
	function updateActions({ status, filename: name }) {
		const available = actionsFor(status);
		const keys = available.map(([key]) => key).join(" ");
		if (actionBar.dataset.actions !== keys) {
			const hadFocus = actionBar.contains(document.activeElement);
			actionBar.dataset.actions = keys;
			setChildren(actionBar, ...available.map(([key, iconName, run]) => button("small ghost", key, run, iconName)));
			if (hadFocus) /** @type {HTMLElement} */ (actionBar.firstElementChild).focus();
		}
		for (const child of /** @type {Iterable<HTMLElement>} */ (actionBar.children)) {
			child.title = t("job.action_label", { action: child.textContent ?? "", name });
		}
	}

	/** @param {JobStatus} status @returns {[TextKey, IconName, () => void][]} */
	function actionsFor(status) {
		if (!hasEnded(status)) return [["job.cancel", "close", () => actions.cancel(id)]];
		/** @type {ReturnType<typeof actionsFor>} */
		const retries = [
			["job.retry", "retry", () => actions.retry(id)],
			["job.retry_other", "retry", () => actions.retry(id, app.selectedOptions())],
		];
		return [...(status === "completed" ? [] : retries), ["job.remove", "trash", () => actions.remove(id)]];
	}

	return {
		element,

		/** @param {readonly string[]|undefined} parts text and matches in turn @param {string} searchText */
		showExcerpt(parts, searchText) {
			setVisible(excerpt, parts !== undefined);
			excerpt.replaceChildren(...(parts ?? []).map((part, index) => (index % 2 ? h("mark", {}, part) : part)));
			excerpt.href = transcriptHref(id, undefined, searchText);
		},

		/** @param {JobEntry} entry @param {boolean} open @param {boolean} hasText */
		update(entry, open, hasText) {
			const { job } = entry;
			const isRunning = job.status === "processing";
			element.dataset.status = job.status;
			setText(name, job.filename);
			name.title = job.filename;
			setText(status, t(`status.${job.status}`));
			setText(facts, jobFacts(entry));
			setVisible(bar, isRunning);
			if (isRunning && job.progress > 0) bar.value = job.progress;
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: job.filename });
			setTextOrHide(progress, hasEnded(job.status) ? "" : progressText(job));
			setTextOrHide(jobError, job.status === "failed" ? (job.error?.message ?? job.message) : "");
			setTextOrHide(reason, modelReason(job));
			remedy.update(job);
			setTextOrHide(actionError, entry.actionError ?? "");
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

/** Why the job has another model than the one it was meant for. @param {Job} job */
function modelReason({ model, model_reason: reason }) {
	const isExpected = !reason || ["model_named", "model_default"].includes(reason.code);
	return isExpected ? "" : t("job.model_reason", { model, reason: reason.message });
}

/** @param {Job} job one that has not ended */
function progressText(job) {
	const remaining = job.estimated_time_remaining;
	const time = remaining ? formatDuration(remaining, language()) : "";
	const parts =
		job.status === "processing"
			? [formatPercent(job.progress, language()), job.message, time && t("job.remaining", { time })]
			: [
					job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
					time && t("job.ready_in", { time }),
				];
	return parts.filter(Boolean).join(" · ");
}
