/** Editing one transcript: undo, autosave, and conflicts with a change that was saved elsewhere. */

import { ApiError } from "../api.js";
import { diffLines } from "./edits.js";

const AUTOSAVE_MS = 800;
const UNDO_GROUP_MS = 1500;

/** @param {Api} api @param {string} id @param {(saved?: {version: number, segments: Lines}) => void} onChange */
export function createEditSession(api, id, onChange) {
	const session = {
		lines: /** @type {Lines} */ ([]),
		saveState: /** @type {SaveState} */ ("saved"),
		/** In a conflict: the lines that were saved elsewhere. */
		theirLines: /** @type {Lines} */ ([]),

		get canUndo() {
			return undoStack.length > 0;
		},

		get canRedo() {
			return redoStack.length > 0;
		},

		get isDirty() {
			return session.saveState !== "saved";
		},

		get isCorrected() {
			return version > 0;
		},

		load,
		change,
		undo: () => restoreFrom(undoStack, redoStack),
		redo: () => restoreFrom(redoStack, undoStack),
		save,
		resolveConflict,
		restoreOriginal,
	};
	let version = -1;
	/** As the server has them. @type {Lines} */
	let savedLines = [];
	/** @type {Lines[]} */
	let undoStack = [];
	/** @type {Lines[]} */
	let redoStack = [];
	let undoGroup = { key: "", untilMs: 0 };
	/** @type {Timer} */
	let autosaveTimer;
	return session;

	/** Takes a newer version from the server, unless there are unsaved changes. @param {number} newVersion @param {Lines} lines */
	function load(newVersion, lines) {
		if (newVersion <= version || session.isDirty) return;
		version = newVersion;
		savedLines = session.lines = lines;
		undoStack = [];
		redoStack = [];
		onChange();
	}

	/** @param {Lines} lines @param {string} [groupKey] consecutive changes with the same key are undone together */
	function change(lines, groupKey = "") {
		if (lines === session.lines) return;
		const nowMs = performance.now();
		if (!groupKey || groupKey !== undoGroup.key || nowMs > undoGroup.untilMs) undoStack.push(session.lines);
		undoGroup = { key: groupKey, untilMs: nowMs + UNDO_GROUP_MS };
		redoStack = [];
		setLines(lines);
	}

	/** @param {Lines[]} from @param {Lines[]} to */
	function restoreFrom(from, to) {
		const lines = from.pop();
		if (!lines) return;
		to.push(session.lines);
		undoGroup.key = "";
		setLines(lines);
	}

	/** @param {Lines} lines */
	function setLines(lines) {
		session.lines = lines;
		if (session.saveState !== "saving" && session.saveState !== "conflict") session.saveState = "unsaved";
		clearTimeout(autosaveTimer);
		autosaveTimer = setTimeout(save, AUTOSAVE_MS);
		onChange();
	}

	/** Sends the difference to the saved lines, then any changes made meanwhile. @returns {Promise<void>} */
	async function save() {
		clearTimeout(autosaveTimer);
		if (["saving", "conflict", "saved"].includes(session.saveState)) return;
		const sentLines = session.lines;
		const { at, remove, insert } = diffLines(savedLines, sentLines);
		if (!remove && !insert.length) return setSaveState("saved");
		setSaveState("saving");
		try {
			const segments = insert.map(({ start, end, text }) => ({ start, end, text: text.trim() }));
			const corrected = await api.correct(id, { version, at, remove, segments });
			version = corrected.version;
			savedLines = sentLines.toSpliced(at, insert.length, ...corrected.segments);
			const isCurrent = session.lines === sentLines;
			if (isCurrent) session.lines = savedLines;
			session.saveState = isCurrent ? "saved" : "unsaved";
			onChange({ version, segments: savedLines });
			if (!isCurrent) await save();
		} catch (error) {
			if (error instanceof ApiError && error.code === "transcript_changed") await showConflict();
			else setSaveState("failed");
		}
	}

	async function showConflict() {
		try {
			const { result, transcript_version } = await api.job(id);
			savedLines = session.theirLines = result?.segments ?? [];
			version = transcript_version ?? 0;
			setSaveState("conflict");
		} catch {
			setSaveState("failed");
		}
	}

	/** Undo brings the other side back. @param {"mine"|"theirs"} side */
	function resolveConflict(side) {
		if (session.saveState !== "conflict") return;
		undoStack.push(side === "mine" ? session.theirLines : session.lines);
		redoStack = [];
		if (side === "theirs") session.lines = session.theirLines;
		session.saveState = "unsaved";
		void save();
	}

	/** Brings the transcribed text back. */
	async function restoreOriginal() {
		await save();
		if (session.isDirty) return;
		try {
			const result = await api.restore(id, version);
			undoStack.push(session.lines);
			redoStack = [];
			version = result.version;
			savedLines = session.lines = result.segments ?? [];
			onChange({ version, segments: savedLines });
		} catch {
			await showConflict();
		}
	}

	/** @param {SaveState} saveState */
	function setSaveState(saveState) {
		session.saveState = saveState;
		onChange();
	}
}
