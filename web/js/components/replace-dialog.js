/** Replaces a text, or what names and terms say, in all transcripts: what would change is shown first, and can be undone afterwards. */

import { errorText } from "../api.js";
import { diffLines, replaceText } from "../editor/edits.js";
import { findMatches, replaceAll } from "../editor/find-replace.js";
import { t } from "../i18n.js";
import { h, query, setText, setVisible } from "../lib/dom.js";

const PAGE = 200;
/** Of the text before and after a place. */
const CONTEXT_CHARS = 40;
const SHOWN_PLACES = 3;

/** What is looked for: texts of which a transcript has one, and what changes in one. @typedef {{wanted: readonly string[], find: (job: Job, lines: Lines) => Promise<Changes>}} Finder */
/** Of how many places, and the first of them. @typedef {{changed: Lines, count: number, places: readonly Place[]}} Changes */
/** In a line's text. @typedef {{whole: string, from: number, to: number, written: string}} Place */
/** A transcript that has the text. @typedef {{job: Job, lines: Lines, changed: Lines, count: number, box: HTMLInputElement}} Found */

/** Of the version of a transcript. @typedef {{job: Job, before: Lines, after: Lines, version: number}} Change */

/** @type {Component} */
export function replaceDialog(element, app) {
	const { api, toast } = app;
	const dialog = query(element, "dialog", HTMLDialogElement);
	const form = query(dialog, "form", HTMLFormElement);
	const status = query(dialog, "#replace-status");
	const list = query(dialog, "#replace-found");
	const fields = query(form, ".replace-fields");
	const run = query(dialog, "#replace-run", HTMLButtonElement);
	const [text, replacement] = [query(form, "[name=find]", HTMLInputElement), query(form, "[name=replacement]", HTMLInputElement)];
	/** @type {Found[]} */
	let found = [];
	/** @type {Finder} */
	let finder = textFinder();
	/** Of the search that is running. */
	let search = new AbortController();
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (!text.disabled) finder = textFinder();
		void findAll();
	});
	form.addEventListener("input", ({ target }) => (list.contains(/** @type {Node} */ (target)) ? renderCount() : forget()));
	run.addEventListener("click", () => void replaceChosen());
	dialog.addEventListener("close", forget);
	app.replaceEverywhere = (wanted, instead) => {
		[text.value, replacement.value] = [wanted, instead];
		open("replace.in_all", true);
		text.focus();
	};
	app.replaceTerms = (terms) => {
		open("replace.terms", false);
		finder = termsFinder(terms);
		if (finder.wanted.length) void findAll();
		else setText(status, t("terms.nothing"));
	};

	/** @param {TextKey} title @param {boolean} hasFields */
	function open(title, hasFields) {
		setText(query(dialog, "h2"), t(title));
		for (const part of [fields, query(form, "#replace-preview")]) setVisible(part, hasFields);
		text.disabled = !hasFields; // it must not be empty otherwise
		forget();
		if (!dialog.open) dialog.showModal();
	}

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
		try {
			const jobs = await candidates(finder.wanted);
			for (const [index, { job_id }] of jobs.entries()) {
				setText(status, t("replace.searching", { part: index + 1, total: jobs.length }));
				const job = await api.job(job_id);
				const lines = job.result?.segments ?? [];
				const changes = await finder.find(job, lines);
				if (isCurrent.aborted) return;
				if (changes.count) found.push(foundItem(job, lines, changes));
			}
		} catch (error) {
			return setText(status, errorText(error));
		}
		setText(status, t("replace.found", { count: total(found), jobs: found.length }));
		renderCount();
	}

	/** @returns {Finder} */
	function textFinder() {
		const options = { matchCase: isChecked("matchCase"), wholeWords: isChecked("wholeWords") };
		const [wanted, written] = [text.value, replacement.value];
		return {
			wanted: [wanted],
			async find(_job, lines) {
				const matches = findMatches(lines, wanted, options);
				const changed = matches.length ? replaceAll(lines, wanted, written, options) : lines;
				const places = matches.slice(0, SHOWN_PLACES).map(({ line, from, to }) => ({ whole: lines[line]?.text.trim() ?? "", from, to, written }));
				return { changed, count: matches.length, places };
			},
		};
	}

	/** The server knows how they are written. @param {string} terms @returns {Finder} */
	function termsFinder(terms) {
		const rules = terms.split(/[\n;]/).filter((line) => line.includes("=>") && !line.trim().startsWith("#"));
		const wanted = rules.flatMap((line) => line.slice(0, line.indexOf("=>")).split("|")).map((heard) => heard.trim());
		return {
			wanted: wanted.filter(Boolean),
			async find(job, lines) {
				const changes = await api.previewTerms(job.job_id, job.transcript_version ?? 0, terms);
				const changed = changes.reduce((all, { segment, after }) => replaceText(all, segment, after.trim()), lines);
				const places = changes.slice(0, SHOWN_PLACES).map(({ before, after }) => differentPart(before.trim(), after.trim()));
				return { changed, count: changes.length, places };
			},
		};
	}

	/** The transcripts that may have one of the texts: the server finds words by their beginnings. @param {readonly string[]} wanted */
	async function candidates(wanted) {
		/** @type {Map<string, Job>} */
		const jobs = new Map();
		for (const q of wanted) {
			/** @type {string|null} */
			let cursor = null;
			do {
				const page = await api.jobs(PAGE, cursor, { q, status: "completed", tag: "" });
				for (const job of page.jobs) jobs.set(job.job_id, job);
				cursor = page.next_cursor;
			} while (cursor);
		}
		return [...jobs.values()];
	}

	/** @param {Job} job @param {Lines} lines @param {Changes} changes @returns {Found} */
	function foundItem(job, lines, { changed, count, places }) {
		const box = h("input", { type: "checkbox", checked: true });
		const name = h("label", { class: "check" }, box, h("span", { dir: "auto" }, `${job.filename} (${count})`));
		const shown = places.map(({ whole, from, to, written }) => {
			const before = whole.slice(Math.max(from - CONTEXT_CHARS, 0), from);
			return h("p", { class: "hint", dir: "auto" }, before, h("del", {}, whole.slice(from, to)), h("ins", {}, written), whole.slice(to, to + CONTEXT_CHARS));
		});
		list.append(h("li", {}, name, ...shown));
		return { job, lines, changed, count, box };
	}

	function renderCount() {
		const count = total(found.filter(({ box }) => box.checked));
		run.disabled = count === 0;
		setText(run, t("replace.run", { count }));
	}

	async function replaceChosen() {
		const chosen = found.filter(({ box }) => box.checked);
		found = []; // once
		renderCount();
		const done = await replaceIn(chosen.map(({ job, lines, changed }) => ({ job, before: lines, after: changed, version: job.transcript_version ?? 0 })));
		dialog.close();
		const isDone = (/** @type {Found} */ { job }) => done.some((change) => change.job === job);
		const count = total(chosen.filter(isDone));
		const skipped = chosen.filter((each) => !isDone(each)).map(({ job }) => job.filename);
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
			const corrected = await api.correct(job.job_id, version, diffLines(before, after)).catch(() => null);
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

/** Whole words. @param {string} before @param {string} after @returns {Place} */
function differentPart(before, after) {
	let from = 0;
	while (from < before.length && before[from] === after[from]) from++;
	from = before.lastIndexOf(" ", from - 1) + 1;
	let same = 0;
	while (same < Math.min(before.length, after.length) - from && before.at(-1 - same) === after.at(-1 - same)) same++;
	const space = same ? before.indexOf(" ", before.length - same) : -1;
	const end = space < 0 ? 0 : before.length - space;
	return { whole: before, from, to: before.length - end, written: after.slice(from, after.length - end) };
}

/** @param {readonly Found[]} found */
function total(found) {
	return found.reduce((sum, { count }) => sum + count, 0);
}
