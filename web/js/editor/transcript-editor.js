/** One transcript with its recording: read, listen, search, correct, download. */

import { transcriptUrl } from "../api.js";
import { jobFacts } from "../components/job-facts.js";
import { usedTrack } from "../components/track-choice.js";
import { localize, t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { openList } from "../router.js";
import { conflictPanel } from "./conflict-panel.js";
import { deskSearch } from "./desk-search.js";
import { createEditSession } from "./edit-session.js";
import { jobNotice } from "./job-notice.js";
import { createPlayer } from "./player.js";
import { makeMovable } from "./movable.js";
import { notesPanel } from "./notes.js";
import { connectReviewing } from "./reviewing.js";
import { selectionBar } from "./selection-bar.js";
import { speakersPanel } from "./speakers.js";
import { timeline as createTimeline } from "./timeline.js";
import { trackMenu } from "./track-menu.js";
import { transcriptLines } from "./transcript-lines.js";

/** @type {Component} */
export function transcriptEditor(element, app) {
	const { store, api, actions, commands, copy, tryOrTell } = app;
	/** @type {OpenTranscript|undefined} */
	let current;
	/** The job isn't completed, or its result isn't loaded yet. */
	let isPartial = false;
	const [title, facts, saveState] = queryEach(element, "h1", "#editor-facts", ".save-state");
	const [correct, showUnsure, restore, editTools] = queryEach(element, "#correct", "#show-unsure", "#restore", "#edit-tools");
	const [showParagraphs, replaceItem, describe] = queryEach(element, "#show-paragraphs", "#replace", "#describe");
	const [video, plain, text, footer] = queryEach(element, ".video-area", ".plain", ".editor-text", ".editor-footer");
	const [backToPlayback, correctLabel] = queryEach(element, "#back-to-playback", "#correct span");
	const findSpeakers = query(element, "#find-speakers");
	const undo = query(element, "#undo", HTMLButtonElement);
	const redo = query(element, "#redo", HTMLButtonElement);
	const updateNotice = jobNotice(query(element, "#desk-notice"));
	const showConflict = conflictPanel(query(element, ".conflict"), commands, () => current);
	const say = app.toast.show;
	const updateTracks = trackMenu(query(element, "#tracks"), api, say);
	const chosen = () => current?.lines.chosenPart() ?? null;
	const selected = () => current?.lines.selection() ?? null;
	const notes = notesPanel(query(element, ".notes"), {
		play: (seconds) => current?.player.play(seconds),
		copy: (words) => copy(`${openJobOf().filename}\n\n${words}`),
		onChange: (marked) => current?.lines.marks.setNotes(marked),
		save: (id, changed, before) => api.describe(id, { notes: changed, notes_before: before }),
	});
	const bar = selectionBar(query(element, ".selection-bar"), { job: openJobOf, selected, chosen, say, copy });
	const speakers = speakersPanel(query(element, ".speakers"), app, () => current);
	const search = deskSearch(element, app, { current: () => current, canReplace: () => !isPartial });
	const reviewing = connectReviewing(element, app, () => current);
	backToPlayback.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the caret in the line
	addEventListener("beforeunload", (event) => {
		if (!current?.session.isDirty) return;
		void current.session.save();
		event.preventDefault();
	});
	document.addEventListener("visibilitychange", () => current?.session.save());
	store.onOnline(() => current?.session.save());
	app.editor = { open, close };
	commands.register({
		"editor:follow": () => current?.lines.follow(),
		"editor:play": () => current?.player.togglePlay(),
		"editor:skip-back": () => current?.player.skip(-1),
		"editor:skip-forward": () => current?.player.skip(1),
		"editor:slower": () => current?.player.changeSpeed(-1),
		"editor:faster": () => current?.player.changeSpeed(1),
		"editor:export": () => void openExport(),
		"editor:copy-text": () => copy(plainText()),
		"editor:copy-times": () => copy(textWithTimes()),
		"editor:copy-quotation": () => void bar.copyQuotation(),
		"editor:note": addNote,
		"editor:show-notes": showNotes,
		"editor:describe": () => current && app.describe([current.id]),
		"editor:correct": toggleCorrecting,
		"editor:toggle-unsure": () => setUnsureMarks(!isPressed(showUnsure)),
		"editor:toggle-paragraphs": () => setParagraphs(!isPressed(showParagraphs)),
		"editor:restore-original": () => current && tryOrTell(current.session.restoreOriginal),
		"editor:continue": () => current && actions.retry(current.id),
		"editor:start-over": () => current && actions.retry(current.id, undefined, true),
		"editor:cancel": () => current && actions.cancel(current.id),
		"editor:undo": () => current?.session.undo(),
		"editor:redo": () => current?.session.redo(),
		"editor:escape": () => (isPressed(correct) ? current?.player.togglePlay() : search.end() || reviewing.close() || openList()),
	});

	// Opening and closing

	/** @param {string} id @param {number} [from] seconds to play from @param {string} [searchText] */
	function open(id, from, searchText) {
		if (current?.id !== id) openJob(id);
		if (from !== undefined) current?.player.play(from);
		if (searchText) search.show(searchText);
	}

	/** @param {string} id */
	function openJob(id) {
		close();
		const scope = new AbortController();
		const session = createEditSession(api, id, (saved) => {
			if (saved) store.dispatch({ type: "job/corrected", job_id: id, data: saved });
			renderSession();
		}, () => say(t("conflict.merged")));
		const lines = transcriptLines({
			play: (from) => player.play(from),
			currentTime: () => player.position(),
			change: session.change,
			editLine: (line) => timeline.showLine(line),
			showFollowing: (isAway) => setVisible(backToPlayback, isAway),
			refuse: say,
		}, scope.signal);
		const job = store.state.entries[id]?.job;
		const duration = job?.audio_duration ?? 0;
		const timeline = createTimeline(query(element, ".timeline"), duration, {
			seek: (seconds) => player.seek(seconds),
			lines: () => session.lines,
			change: session.change,
		}, scope.signal);
		const player = createPlayer(id, duration, !job || (usedTrack(job)?.number ?? 1) === 1, (time, cause) => {
			lines.showTime(time, cause);
			timeline.setTime(time);
		}, scope.signal);
		current = { id, session, player, lines, timeline, scope };
		text.replaceChildren(lines.element);
		video.replaceChildren(player.media);
		makeMovable(video, player.togglePlay, scope.signal);
		footer.replaceChildren(player.element);
		search.end();
		setVisible(backToPlayback, false);
		localize(element);
		localizeParts();
		setCorrecting(false);
		setUnsureMarks(load("unsure", false));
		setParagraphs(load("paragraphs", false));
		renderJob();
		void actions.loadJob(id);
		// Without a waveform, the slider shows a flat line.
		api.waveform(id).then((waveform) => {
			if (current?.player !== player) return;
			player.setWaveform(waveform);
			timeline.setWaveform(waveform);
		}, () => undefined);
		title.focus({ preventScroll: true });
		scrollTo(0, 0);
	}

	function localizeParts() {
		for (const part of [current?.lines, current?.player, current?.timeline]) part?.localize();
	}

	function close() {
		reviewing.close();
		void current?.session.save();
		current?.scope.abort();
		current = undefined;
	}

	// Rendering

	/** The job that is open. */
	function openJobOf() {
		return /** @type {JobEntry} */ (store.state.entries[current?.id ?? ""]).job;
	}

	/** @returns {Lines} */
	function shownLines() {
		return current?.lines.shown ?? [];
	}

	function renderJob() {
		const entry = current && store.state.entries[current.id];
		if (!entry) return;
		const { job, result, version, loading, actionError } = entry;
		const isLoaded = result || loading || actionError;
		if (job.status === "completed" && !isLoaded) queueMicrotask(() => actions.loadJob(job.job_id)); // never dispatch from within a dispatch
		updateNotice(job);
		updateTracks(job);
		isPartial = !result;
		setText(title, job.filename);
		setText(facts, jobFacts(entry));
		setVisible(describe, hasEnded(job.status));
		notes.load(job.job_id, job.notes ?? []);
		const segments = result?.segments ?? [];
		setTextOrHide(plain, result && !segments.length ? result.text.trim() || t("job.no_speech") : "");
		for (const item of [correct, showParagraphs, replaceItem, findSpeakers]) setVisible(item, segments.length > 0);
		setVisible(showUnsure, segments.some((segment) => segment.words));
		if (result) current?.session.load(version, segments);
		speakers.render(job.job_id, result ? version : -1, result?.speakers ?? speakersIn(entry.segments));
		search.refresh();
		if (result?.language) text.lang = plain.lang = job.options?.task === "translate" ? "en" : result.language;
		reviewing.render(job.job_id);
		renderSession();
	}

	function renderSession() {
		if (!current) return;
		const { session, lines } = current;
		lines.update(isPartial ? (store.state.entries[current.id]?.segments ?? []) : session.lines);
		current.timeline.update();
		undo.disabled = !session.canUndo;
		redo.disabled = !session.canRedo;
		setVisible(restore, session.version > 0);
		reviewing.update();
		setText(saveState, saveStateText(session));
		saveState.dataset.state = session.saveState;
		showConflict(session);
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
		current?.timeline.setVisible(isOn);
	}

	/** @param {boolean} isOn */
	function setUnsureMarks(isOn) {
		save("unsure", isOn);
		showUnsure.ariaPressed = String(isOn);
		current?.lines.marks.setUnsure(isOn);
	}

	/** @param {boolean} isOn */
	function setParagraphs(isOn) {
		save("paragraphs", isOn);
		showParagraphs.ariaPressed = String(isOn);
		current?.lines.setParagraphs(isOn);
	}

	// Notes

	function addNote() {
		const part = chosen();
		if (!part) return say(t("selection.none"));
		notes.add({ start: part.start, end: part.end, quote: part.text, text: "" });
		getSelection()?.removeAllRanges();
	}

	/** Where they are below the text. */
	function showNotes() {
		current?.lines.pauseFollowing();
		query(element, "#copy-notes").focus({ preventScroll: true });
		query(element, ".notes").scrollIntoView({ block: "center" });
	}

	// Exporting

	/** What has been typed is saved first, so that the file has it. */
	async function openExport() {
		await current?.session.save();
		if (current && isPartial && openJobOf().status === "completed") await actions.loadJob(current.id);
		if (!current) return;
		const { id, player } = current;
		app.openExport({
			title: openJobOf().filename,
			address: (format, layout) => transcriptUrl(id, format, isPartial, layout),
			hasPreview: true,
			hasSpeakers: shownLines().some(({ speaker }) => speaker),
			hasWords: shownLines().some(({ words }) => words?.length),
			check: isPartial ? null : (layout, isCurrent) => api.subtitleCheck(id, layout, isCurrent),
			show: player.seek,
		});
		if (current.session.isDirty) say(t("export.unsaved"));
	}

	function plainText() {
		const lines = shownLines();
		return lines.map((line) => line.text.trim()).join("\n") || (plain.textContent ?? "");
	}

	function textWithTimes() {
		return shownLines().map((line) => `[${formatTime(line.start)}] ${line.text.trim()}`).join("\n");
	}

	return (state, before) => {
		if (!current) return;
		if (!before) {
			localizeParts();
			setCorrecting(isPressed(correct));
		}
		if (state.entries[current.id] !== before?.entries[current.id]) renderJob();
		else if (state.entries !== before?.entries || state.removing !== before?.removing) reviewing.render(current.id);
	};
}

/** Who is heard so far. @param {Lines} lines @returns {Speaker[]} */
const speakersIn = (lines) => [...new Set(lines.flatMap(({ speaker }) => speaker ?? []))].map((id) => ({ id, name: "", seconds: 0 }));

/** @param {OpenTranscript["session"]} session */
function saveStateText({ saveState, outcome, problem }) {
	if (saveState === "conflict") return "";
	if (saveState === "failed") return `${t("edit.unsaved")}: ${problem}`;
	if (saveState !== "saved") return t(`edit.${saveState}`);
	return outcome === "none" ? "" : t(`edit.${outcome}`);
}

/** @param {Element} button */
function isPressed(button) {
	return button.ariaPressed === "true";
}
