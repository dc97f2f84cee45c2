/** Editing one transcript: undo, autosave, and conflicts with a change that was saved elsewhere. */

import { ApiError, errorText } from "../api.js";
import { t } from "../i18n.js";
import { diffLines } from "./edits.js";
import { mergeVersions } from "./merge.js";

const AUTOSAVE_MS = 800;
const UNDO_GROUP_MS = 1500;
const RETRY_MS = 3000;

/**
 * @param {Api} api @param {string} id @param {(saved?: {version: number, segments: Lines}) => void} onChange
 * @param {() => void} onMerged changes made elsewhere have been added to those made here
 */
export function createEditSession(api, id, onChange, onMerged) {
	const session = {
		lines: /** @type {Lines} */ ([]),
		saveState: /** @type {SaveState} */ ("saved"),
		/** Why they aren't saved. */
		problem: "",
		/** Lines that were changed here and elsewhere; the user chooses. */
		conflicts: /** @type {import("./merge.js").Conflict[]} */ ([]),

		get canUndo() {
			return undoStack.length > 0;
		},

		get canRedo() {
			return redoStack.length > 0;
		},

		get isDirty() {
			return session.saveState !== "saved";
		},

		/** What has become of the text since it was opened. */
		outcome: /** @type {"none"|"saved"|"restored"} */ ("none"),

		load,
		change,
		undo: () => restoreFrom(undoStack, redoStack),
		redo: () => restoreFrom(redoStack, undoStack),
		save,
		resolveConflict,
		/** Brings the transcribed text back. */
		restoreOriginal: () => takeFromServer((latest) => api.restore(id, latest), "restored"),
		takeFromServer,

		get version() {
			return version;
		},
	};
	let version = -1;
	/** As the server has them. @type {Lines} */
	let savedLines = [];
	/** In a conflict: the last lines that both versions are based on. @type {Lines} */
	let baseLines = [];
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
		if (session.saveState === "conflict") return mergeAgain();
		if (session.saveState !== "saving") session.saveState = "unsaved";
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
			const corrected = await api.correct(id, version, { at, remove, insert });
			version = corrected.version;
			savedLines = sentLines.toSpliced(at, insert.length, ...corrected.segments);
			const isCurrent = session.lines === sentLines;
			if (isCurrent) session.lines = savedLines;
			session.saveState = isCurrent ? "saved" : "unsaved";
			session.outcome = "saved";
			onChange({ version, segments: savedLines });
			if (!isCurrent) await save();
		} catch (error) {
			if (error instanceof ApiError && error.code === "transcript_changed") await mergeTheirs();
			else fail(error);
		}
	}

	/** Tries again later, also after the transcript is closed, unless the next change has to come first. @param {unknown} error */
	function fail(error) {
		session.problem = errorText(error);
		setSaveState("failed");
		if (!(error instanceof ApiError && error.isRefused)) autosaveTimer = setTimeout(save, RETRY_MS);
	}

	/** Adds the changes that were saved elsewhere to those made here. */
	async function mergeTheirs() {
		try {
			const { result, transcript_version } = await api.job(id);
			const theirLines = result?.segments ?? [];
			const rebase = (/** @type {Lines} */ lines) => mergeVersions(savedLines, lines, theirLines).lines;
			undoStack = undoStack.map(rebase);
			redoStack = redoStack.map(rebase);
			baseLines = savedLines;
			savedLines = theirLines;
			version = transcript_version ?? 0;
			mergeAgain();
		} catch (error) {
			fail(error);
		}
	}

	/** Finds what still has to be chosen; saves when that is nothing. */
	function mergeAgain() {
		const { lines, conflicts } = mergeVersions(baseLines, session.lines, savedLines);
		session.lines = lines;
		session.conflicts = conflicts;
		setSaveState(conflicts.length ? "conflict" : "unsaved");
		if (conflicts.length) return;
		onMerged();
		void save();
	}

	/** Of the first conflict. Undo brings the other side back. @param {"mine"|"theirs"} side */
	function resolveConflict(side) {
		const [conflict] = session.conflicts;
		if (!conflict) return;
		const { at, mine, theirs, baseFrom, baseTo } = conflict;
		const withTheirs = session.lines.toSpliced(at, mine.length, ...theirs);
		undoStack.push(side === "mine" ? withTheirs : session.lines);
		redoStack = [];
		// From now on, only the chosen side differs from the base.
		if (side === "theirs") session.lines = withTheirs;
		else baseLines = baseLines.toSpliced(baseFrom, baseTo - baseFrom, ...theirs);
		mergeAgain();
	}

	/**
	 * Takes over a change that the server makes to the saved version, as one that can be undone.
	 * @template {ServerCorrection} T
	 * @param {(version: number) => Promise<T>} request @param {"saved"|"restored"} [outcome]
	 * @returns {Promise<T>}
	 */
	async function takeFromServer(request, outcome = "saved") {
		await save();
		if (session.isDirty) throw new ApiError("unsaved", t("edit.unsaved"));
		const lines = session.lines;
		const result = await request(version);
		const { at = 0, remove = lines.length, segments } = result;
		if (session.lines !== lines) {
			await mergeTheirs();
			return result;
		}
		if (result.version !== version) {
			undoStack.push(lines);
			redoStack = [];
			session.outcome = outcome;
		}
		version = result.version;
		savedLines = session.lines = lines.toSpliced(at, remove, ...segments);
		onChange({ version, segments: savedLines });
		return result;
	}

	/** @param {SaveState} saveState */
	function setSaveState(saveState) {
		session.saveState = saveState;
		onChange();
	}
}
