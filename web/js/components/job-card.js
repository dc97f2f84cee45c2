/** One job, updated in place, so that focus stays. */

import { localize, t } from "../i18n.js";
import { button, h, icon, say, setText, show } from "../lib/dom.js";
import { hasEnded } from "../reducer-jobs.js";
import { deskAddress, jobBody } from "./job-body.js";
import { doingOf, factsOf } from "./job-facts.js";

/** @typedef {ReturnType<typeof jobCard>} JobCard */

/** @param {string} id @param {Page} page @param {(open: boolean) => void} onToggle */
export function jobCard(id, page, onToggle) {
	const { actions } = page;
	const name = h("span", { class: "name", dir: "auto" });
	const toggle = h("button", { type: "button", class: "toggle", "aria-controls": `text-${id}` }, name, icon("chevron"));
	toggle.addEventListener("click", () => onToggle(toggle.ariaExpanded !== "true"));
	const status = h("span", { class: "chip" });
	const facts = h("span", { class: "figures" });
	const bar = h("progress", { max: 100 });
	const doing = h("p", { class: "doing figures" });
	const error = h("p", { class: "problem" });
	const problem = h("p", { class: "problem", role: "alert" });
	const excerpt = h("a", { class: "excerpt", dir: "auto", hidden: true });
	const cancel = button("small ghost", "job.cancel", () => actions.cancel(id), "close");
	const retry = button("small ghost", "job.retry", () => actions.retry(id), "retry");
	const retryOther = button("small ghost", "job.retry_other", () => actions.retry(id, page.options()), "retry");
	const remove = button("small ghost", "job.remove", () => actions.remove(id), "trash");
	const buttons = [cancel, retry, retryOther, remove];
	const element = h(
		"job-card",
		{ class: "card job", role: "listitem", "data-job": id },
		h("div", { class: "head" }, h("h3", {}, toggle), h("div", { class: "actions" }, ...buttons)),
		h("p", { class: "meta" }, status, facts),
		bar, doing, error, problem, excerpt,
	);
	/** Made when it is first open: a long list has thousands of cards. @type {ReturnType<typeof jobBody>|undefined} */
	let body;
	localize(element);

	/** @param {Job} job */
	function updateActions(job) {
		const held = buttons.find((each) => each === document.activeElement);
		const again = job.status === "failed" || job.status === "cancelled";
		show(cancel, !hasEnded(job.status));
		show(retry, again);
		show(retryOther, again);
		show(remove, hasEnded(job.status));
		for (const each of buttons) each.title = t("job.of", { action: each.textContent ?? "", name: job.filename });
		// A button that goes hands the focus on, so that the keyboard doesn't lose its place.
		if (held?.hidden) buttons.find((each) => !each.hidden)?.focus();
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
				localize(body.element);
			}
			if (open) body?.update(entry);
			if (body) show(body.element, open);
			updateActions(job);
		},
	};
}
