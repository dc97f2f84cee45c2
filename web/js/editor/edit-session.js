/** A transcript being corrected: undo, autosave, and what to do when it was changed elsewhere too. */

import { ApiError } from "../api.js";
import { diffLines } from "../lib/edits.js";

const AUTOSAVE_MS = 800;
const TYPING_MS = 1500;

/** @param {Api} api @param {string} id @param {(saved?: {version: number, segments: Lines}) => void} onChange */
export function createEditSession(api, id, onChange) {
	const self = {
		lines: /** @type {Lines} */ ([]),
		saving: /** @type {SaveState} */ ("saved"),
		/** Their lines, where both sides changed something. */
		theirs: /** @type {Lines} */ ([]),

		get canUndo() {
			return past.length > 0;
		},

		get canRedo() {
			return future.length > 0;
		},

		get isDirty() {
			return self.saving !== "saved";
		},

		get isCorrected() {
			return version > 0;
		},

		load,
		change,
		undo: () => step(past, future),
		redo: () => step(future, past),
		save,
		settle,
		restore,
	};
	let version = -1;
	/** What the server has. @type {Lines} */
	let base = [];
	/** @type {Lines[]} */
	let past = [];
	/** @type {Lines[]} */
	let future = [];
	let typing = { key: "", until: 0 };
	/** @type {Timer} */
	let timer;
	return self;

	/** Taken unless a person's own changes stand against it. @param {number} newest @param {Lines} lines */
	function load(newest, lines) {
		if (newest <= version || self.isDirty) return;
		version = newest;
		base = self.lines = lines;
		past = [];
		future = [];
		onChange();
	}

	/** @param {Lines} lines @param {string} [key] changes of one key in a row are one step back */
	function change(lines, key = "") {
		if (lines === self.lines) return;
		const now = performance.now();
		if (!key || key !== typing.key || now > typing.until) past.push(self.lines);
		typing = { key, until: now + TYPING_MS };
		future = [];
		put(lines);
	}

	/** @param {Lines[]} from @param {Lines[]} to */
	function step(from, to) {
		const lines = from.pop();
		if (!lines) return;
		to.push(self.lines);
		typing.key = "";
		put(lines);
	}

	/** @param {Lines} lines */
	function put(lines) {
		self.lines = lines;
		if (self.saving !== "saving" && self.saving !== "conflict") self.saving = "unsaved";
		clearTimeout(timer);
		timer = setTimeout(save, AUTOSAVE_MS);
		onChange();
	}

	/** Sends what differs; further changes meanwhile are sent after it. @returns {Promise<void>} */
	async function save() {
		clearTimeout(timer);
		if (["saving", "conflict", "saved"].includes(self.saving)) return;
		const sent = self.lines;
		const { at, remove, put: lines } = diffLines(base, sent);
		if (!remove && !lines.length) return tell("saved");
		tell("saving");
		try {
			const segments = lines.map(({ start, end, text }) => ({ start, end, text: text.trim() }));
			const answer = await api.correct(id, { version, at, remove, segments });
			version = answer.version;
			base = sent.toSpliced(at, lines.length, ...answer.segments);
			const untouched = self.lines === sent;
			if (untouched) self.lines = base;
			self.saving = untouched ? "saved" : "unsaved";
			onChange({ version, segments: base });
			if (!untouched) await save();
		} catch (error) {
			if (error instanceof ApiError && error.code === "transcript_changed") await meet();
			else tell("failed");
		}
	}

	/** Someone else was first. */
	async function meet() {
		try {
			const { result, transcript_version } = await api.job(id);
			base = self.theirs = result?.segments ?? [];
			version = transcript_version ?? 0;
			tell("conflict");
		} catch {
			tell("failed");
		}
	}

	/** @param {"mine"|"theirs"} side the other one stays a step back */
	function settle(side) {
		if (self.saving !== "conflict") return;
		past.push(side === "mine" ? self.theirs : self.lines);
		future = [];
		if (side === "theirs") self.lines = self.theirs;
		self.saving = "unsaved";
		void save();
	}

	/** The machine's own text again. */
	async function restore() {
		await save();
		if (self.isDirty) return;
		try {
			const result = await api.restore(id, version);
			past.push(self.lines);
			future = [];
			version = result.version;
			base = self.lines = result.segments ?? [];
			onChange({ version, segments: base });
		} catch {
			await meet();
		}
	}

	/** @param {SaveState} saving */
	function tell(saving) {
		self.saving = saving;
		onChange();
	}
}
