/** Finds and replaces text in all transcripts: what would change is shown first, and afterwards it can be undone. */

import { errorText } from "../api.js";
import { diffLines } from "../editor/edits.js";
import { findMatches, replaceAll } from "../editor/find-replace.js";
import { t } from "../i18n.js";
import { h, query, setText } from "../lib/dom.js";

const PAGE = 200;
/** Of the text before and after a place. */
const CONTEXT_CHARS = 40;
const SHOWN_PLACES = 3;

/** A transcript that has the text. @typedef {{job: Job, lines: Lines, changed: Lines, count: number, box: HTMLInputElement}} Found */

/** Of the version of a transcript. @typedef {{job: Job, before: Lines, after: Lines, version: number}} Change */

/** @type {Component} */
export function replaceDialog(element, app, signal) {
	const { api, toast } = app;
	const dialog = query(element, "dialog", HTMLDialogElement);
	const form = query(dialog, "form", HTMLFormElement);
	const status = query(dialog, "#replace-status");
	const list = query(dialog, "#replace-found");
	const run = query(dialog, "#replace-run", HTMLButtonElement);
	const [text, replacement] = [query(form, "[name=find]", HTMLInputElement), query(form, "[name=replacement]", HTMLInputElement)];
	/** @type {Found[]} */
	let found = [];
	/** Of the search that is running. */
	let search = new AbortController();
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void findAll();
	}, { signal });
	form.addEventListener("input", ({ target }) => (list.contains(/** @type {Node} */ (target)) ? renderCount() : forget()), { signal });
	run.addEventListener("click", () => void replaceChosen(), { signal });
	dialog.addEventListener("close", forget, { signal });
	app.replaceEverywhere = (wanted, instead) => {
		[text.value, replacement.value] = [wanted, instead];
		forget();
		if (!dialog.open) dialog.showModal();
		text.focus();
	};

	/** What was found is no longer what the fields say. */
	function forget() {
		search.abort();
		found = [];
		list.replaceChildren();
		setText(status, "");
		renderCount();
	}

	async function findAll() {
		forget();
		search = new AbortController();
		const { signal: isCurrent } = search;
		const options = { matchCase: isChecked("matchCase"), wholeWords: isChecked("wholeWords") };
		try {
			const jobs = await candidates(text.value);
			for (const [index, { job_id }] of jobs.entries()) {
				setText(status, t("replace.searching", { part: index + 1, total: jobs.length }));
				const job = await api.job(job_id);
				if (isCurrent.aborted) return;
				const lines = job.result?.segments ?? [];
				const matches = findMatches(lines, text.value, options);
				if (!matches.length) continue;
				const changed = replaceAll(lines, text.value, replacement.value, options);
				found.push(foundItem(job, lines, changed, matches));
			}
		} catch (error) {
			return setText(status, errorText(error));
		}
		setText(status, t("replace.found", { count: total(found), jobs: found.length }));
		renderCount();
	}

	/** The transcripts that may have the text: the server finds words by their beginnings. @param {string} wanted */
	async function candidates(wanted) {
		const jobs = [];
		/** @type {string|null} */
		let cursor = null;
		do {
			const page = await api.jobs(PAGE, cursor, { q: wanted, status: "completed", tag: "" });
			jobs.push(...page.jobs);
			cursor = page.next_cursor;
		} while (cursor);
		return jobs;
	}

	/** @param {Job} job @param {Lines} lines @param {Lines} changed @param {ReturnType<typeof findMatches>} matches @returns {Found} */
	function foundItem(job, lines, changed, matches) {
		const box = h("input", { type: "checkbox", checked: true });
		const name = h("label", { class: "check" }, box, h("span", { dir: "auto" }, `${job.filename} (${matches.length})`));
		const places = matches.slice(0, SHOWN_PLACES).map(({ line, from, to }) => {
			const whole = lines[line]?.text.trim() ?? "";
			const before = whole.slice(Math.max(from - CONTEXT_CHARS, 0), from);
			return h("p", { class: "hint", dir: "auto" }, before, h("del", {}, whole.slice(from, to)), h("ins", {}, replacement.value), whole.slice(to, to + CONTEXT_CHARS));
		});
		const item = h("li", {}, name, ...places);
		list.append(item);
		return { job, lines, changed, count: matches.length, box };
	}

	function renderCount() {
		const count = total(found.filter(({ box }) => box.checked));
		run.disabled = count === 0;
		setText(run, t("replace.run", { count }));
	}

	async function replaceChosen() {
		const chosen = found.filter(({ box }) => box.checked);
		const done = await replaceIn(chosen.map(({ job, lines, changed }) => ({ job, before: lines, after: changed, version: job.transcript_version ?? 0 })));
		dialog.close();
		const count = total(chosen.filter(({ job }) => done.some((correction) => correction.job === job)));
		const skipped = chosen.filter(({ job }) => !done.some((correction) => correction.job === job)).map(({ job }) => job.filename);
		const told = [t("replace.done_in", { count, jobs: done.length }), ...(skipped.length ? [t("replace.not_changed", { names: skipped.join(", ") })] : [])];
		toast.show(told.join(" "), "edit.undo", () => void undo(done));
		void app.actions.search();
	}

	/** @param {Change[]} done */
	async function undo(done) {
		const undone = await replaceIn(done);
		toast.show(t("replace.undone", { jobs: undone.length }));
		void app.actions.search();
	}

	/**
	 * One after the other; those that have been edited meanwhile stay as they are.
	 * @param {Change[]} corrections
	 * @returns {Promise<Change[]>} what undoes those that were made
	 */
	async function replaceIn(corrections) {
		/** @type {Change[]} */
		const undo = [];
		for (const [index, { job, before, after, version }] of corrections.entries()) {
			setText(status, t("replace.running", { part: index + 1, total: corrections.length }));
			const { at, remove, insert } = diffLines(before, after);
			const segments = insert.map(({ start, end, text }) => ({ start, end, text: text.trim() }));
			const corrected = await api.correct(job.job_id, { version, at, remove, segments }).catch(() => null);
			if (!corrected) continue;
			app.store.dispatch({ type: "jobs/previews", data: { jobs: [{ job_id: job.job_id, preview: after.map((line) => line.text).join("").trim() }] } });
			undo.push({ job, before: after, after: before, version: corrected.version });
		}
		return undo;
	}

	/** @param {string} name */
	function isChecked(name) {
		return query(form, `[name=${name}]`, HTMLInputElement).checked;
	}

	return () => renderCount();
}

/** @param {readonly Found[]} found */
function total(found) {
	return found.reduce((sum, { count }) => sum + count, 0);
}
