/** One transcript with its recording: read, listen, search, correct, download. */

import { jobFacts } from "../components/job-facts.js";
import { localize, t } from "../i18n.js";
import { connectCopyButton } from "../lib/clipboard.js";
import { query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { openList } from "../router.js";
import { createEditSession } from "./edit-session.js";
import { exportLinks } from "./export-links.js";
import { jobNotice } from "./job-notice.js";
import { createPlayer } from "./player.js";
import { makeMovable } from "./movable.js";
import { transcriptLines } from "./transcript-lines.js";

/** @type {Component} */
export function transcriptEditor(element, app, signal) {
	const { store, api, actions, commands } = app;
	/** @type {OpenTranscript|undefined} */
	let current;
	/** The job isn't completed, or its result isn't loaded yet. */
	let isPartial = false;
	const [title, facts, saveState, matchCount, downloads] = queryEach(element, "h1", "#editor-facts", ".save-state", "#match-count", "#downloads");
	const [correct, showUnsure, restore, editTools] = queryEach(element, "#correct", "#show-unsure", "#restore", "#edit-tools");
	const [conflict, video, plain, text, footer] = queryEach(element, ".conflict", ".video-area", ".plain", ".editor-text", ".editor-footer");
	const [backToPlayback, correctLabel, conflictCount] = queryEach(element, "#back-to-playback", "#correct span", ".conflict .figures");
	const [copyText, copyTimes, theirText, myText] = queryEach(element, "#copy-text", "#copy-times", "#their-text", "#my-text");
	const findInput = query(element, "#find", HTMLInputElement);
	const undo = query(element, "#undo", HTMLButtonElement);
	const redo = query(element, "#redo", HTMLButtonElement);
	const updateNotice = jobNotice(query(element, "#desk-notice"));
	connectCopyButton(copyText, plainText, "job.copied");
	connectCopyButton(copyTimes, textWithTimes, "job.copied");
	findInput.addEventListener("input", find, { signal });
	findInput.addEventListener("keydown", ({ key, shiftKey }) => {
		if (key === "Enter") showMatch(shiftKey ? -1 : 1);
		if (key === "Escape") endSearch();
	}, { signal });
	backToPlayback.addEventListener("mousedown", (event) => event.preventDefault(), { signal }); // keeps the caret in the line
	downloads.addEventListener("click", saveBeforeDownload, { signal });
	addEventListener("beforeunload", (event) => {
		if (!current?.session.isDirty) return;
		void current.session.save();
		event.preventDefault();
	}, { signal });
	document.addEventListener("visibilitychange", () => current?.session.save(), { signal });
	signal.addEventListener("abort", close);
	app.editor = { open, close };
	commands.register({
		"editor:search": startSearch,
		"editor:end-search": endSearch,
		"editor:follow": () => current?.lines.follow(),
		"editor:play": () => current?.player.togglePlay(),
		"editor:skip-back": () => current?.player.skip(-1),
		"editor:skip-forward": () => current?.player.skip(1),
		"editor:slower": () => current?.player.changeSpeed(-1),
		"editor:faster": () => current?.player.changeSpeed(1),
		"editor:correct": toggleCorrecting,
		"editor:toggle-unsure": () => setUnsureMarks(!isPressed(showUnsure)),
		"editor:restore-original": () => current?.session.restoreOriginal(),
		"editor:use-theirs": () => current?.session.resolveConflict("theirs"),
		"editor:use-mine": () => current?.session.resolveConflict("mine"),
		"editor:previous-match": () => showMatch(-1),
		"editor:next-match": () => showMatch(1),
		"editor:continue": () => current && actions.retry(current.id),
		"editor:start-over": () => current && actions.retry(current.id, undefined, true),
		"editor:cancel": () => current && actions.cancel(current.id),
		"editor:undo": () => current?.session.undo(),
		"editor:redo": () => current?.session.redo(),
		"editor:escape": () => (isPressed(correct) ? current?.player.togglePlay() : openList()),
	});

	// Opening and closing

	/** @param {string} id @param {number} [from] seconds to play from @param {string} [searchText] */
	function open(id, from, searchText) {
		if (current?.id !== id) openJob(id);
		if (from !== undefined) void current?.player.play(from);
		if (!searchText) return;
		element.dataset.finding = "true";
		findInput.value = searchText;
		find();
	}

	/** @param {string} id */
	function openJob(id) {
		close();
		const scope = new AbortController();
		const session = createEditSession(api, id, (saved) => {
			if (saved) store.dispatch({ type: "job/corrected", job_id: id, data: saved });
			renderSession();
		}, () => app.toast.show(t("conflict.merged"), "help.close", () => undefined));
		const lines = transcriptLines({
			play: (from) => player.play(from),
			currentTime: () => player.position(),
			change: session.change,
			showFollowing: (isAway) => setVisible(backToPlayback, isAway),
			refuse: (reason) => app.toast.show(reason, "help.close", () => undefined),
		}, scope.signal);
		const duration = store.state.entries[id]?.job.audio_duration ?? 0;
		const player = createPlayer(id, duration, lines.showTime, scope.signal);
		current = { id, session, player, lines, scope };
		text.replaceChildren(lines.element);
		video.replaceChildren(player.media);
		makeMovable(video, player.togglePlay, scope.signal);
		footer.replaceChildren(player.element);
		endSearch();
		setVisible(backToPlayback, false);
		renderDownloads();
		localize(element);
		lines.localize();
		player.localize();
		setCorrecting(false);
		setUnsureMarks(load("unsure", false));
		renderJob();
		void actions.loadJob(id);
		// Without a waveform, the slider shows a flat line.
		api.waveform(id).then((waveform) => current?.player === player && player.setWaveform(waveform), () => undefined);
		title.focus({ preventScroll: true });
		scrollTo(0, 0);
	}

	function close() {
		void current?.session.save();
		current?.scope.abort();
		current = undefined;
	}

	// Rendering

	function renderDownloads() {
		if (current) exportLinks(downloads, current.id, store.state.formats, isPartial);
	}

	function renderJob() {
		const entry = current && store.state.entries[current.id];
		if (!entry) return;
		const { job, result, version, loading, actionError } = entry;
		const isLoaded = result || loading || actionError;
		if (job.status === "completed" && !isLoaded) queueMicrotask(() => actions.loadJob(job.job_id)); // never dispatch from within a dispatch
		updateNotice(job);
		if (isPartial !== !result) {
			isPartial = !result;
			renderDownloads();
		}
		setText(title, job.filename);
		setText(facts, jobFacts(entry));
		const segments = result?.segments ?? [];
		setTextOrHide(plain, result && !segments.length ? result.text.trim() || t("job.no_speech") : "");
		setVisible(correct, segments.length > 0);
		setVisible(showUnsure, segments.some((segment) => segment.words));
		if (result) current?.session.load(version, segments);
		if (findInput.value && !current?.lines.matchCount) find();
		if (result?.language) text.lang = plain.lang = job.options?.task === "translate" ? "en" : result.language;
		renderSession();
	}

	function renderSession() {
		if (!current) return;
		const { session, lines } = current;
		lines.update(isPartial ? (store.state.entries[current.id]?.segments ?? []) : session.lines);
		undo.disabled = !session.canUndo;
		redo.disabled = !session.canRedo;
		setVisible(restore, session.isCorrected);
		const [first] = session.conflicts;
		setText(saveState, saveStateText(session));
		saveState.dataset.state = session.saveState;
		setVisible(conflict, first !== undefined);
		setText(conflictCount, t("conflict.count", { count: session.conflicts.length }));
		setText(theirText, joinText(first?.theirs ?? []) || t("conflict.removed"));
		setText(myText, joinText(first?.mine ?? []) || t("conflict.removed"));
	}

	// Correcting

	function toggleCorrecting() {
		setCorrecting(!isPressed(correct));
		if (!isPressed(correct)) void current?.session.save();
	}

	/** @param {boolean} isOn */
	function setCorrecting(isOn) {
		correct.ariaPressed = String(isOn);
		setText(correctLabel, t(isOn ? "edit.done" : "edit.correct"));
		setVisible(editTools, isOn);
		current?.lines.setEditing(isOn);
	}

	/** @param {boolean} isOn */
	function setUnsureMarks(isOn) {
		save("unsure", isOn);
		showUnsure.ariaPressed = String(isOn);
		current?.lines.setUnsureMarks(isOn);
	}

	// Searching

	/** On narrow screens the field appears when it is needed. */
	function startSearch() {
		element.dataset.finding = "true";
		findInput.select();
	}

	function endSearch() {
		delete element.dataset.finding;
		findInput.value = "";
		find();
	}

	function find() {
		const total = current?.lines.find(findInput.value) ?? 0;
		setTextOrHide(matchCount, findInput.value.trim() ? t("part_of_total", { part: 0, total }) : "");
		if (total) showMatch(1);
	}

	/** @param {1|-1} direction */
	function showMatch(direction) {
		const part = current?.lines.showMatch(direction);
		if (part) setText(matchCount, t("part_of_total", { part, total: current?.lines.matchCount ?? 0 }));
	}

	// Exporting

	/** @param {Event} event */
	function saveBeforeDownload(event) {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		const session = current?.session;
		if (!link || !session?.isDirty || session.saveState === "conflict") return;
		event.preventDefault();
		void session.save().then(() => session.isDirty || link.click());
	}

	function plainText() {
		const lines = current?.lines.shown ?? [];
		return lines.length ? joinText(lines, "\n") : (plain.textContent ?? "");
	}

	function textWithTimes() {
		return (current?.lines.shown ?? []).map((line) => `[${formatTime(line.start)}] ${line.text.trim()}`).join("\n");
	}

	return (state, before) => {
		if (!current) return;
		if (!before) {
			current.player.localize();
			current.lines.localize();
			setCorrecting(isPressed(correct));
		}
		if (state.formats !== before?.formats) renderDownloads();
		if (state.entries[current.id] !== before?.entries[current.id]) renderJob();
		if (before && state.connection !== before.connection && state.connection === "online") void current.session.save();
	};
}

/** @param {OpenTranscript["session"]} session */
function saveStateText({ saveState, outcome }) {
	if (saveState === "conflict") return "";
	if (saveState !== "saved") return t(`edit.${saveState}`);
	return outcome === "none" ? "" : t(`edit.${outcome}`);
}

/** @param {Lines} lines @param {string} [separator] */
function joinText(lines, separator = " ") {
	return lines.map((line) => line.text.trim()).join(separator);
}

/** @param {Element} button */
function isPressed(button) {
	return button.ariaPressed === "true";
}
