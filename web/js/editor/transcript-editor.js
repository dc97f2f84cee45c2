/** One transcript with its recording: read, listen, search, correct, take away. */

import { downloadLinks } from "../components/job-card-body.js";
import { jobFacts } from "../components/job-card.js";
import { localize, t } from "../i18n.js";
import { connectCopyButton } from "../lib/clipboard.js";
import { queryEach, setChildren, query, setTextOrHide, setText, setVisible } from "../lib/dom.js";
import { diffLines } from "../lib/edits.js";
import { formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { navigateHome } from "../router.js";
import { createEditSession } from "./edit-session.js";
import { createPlayer } from "./player.js";
import { transcriptLines } from "./transcript-lines.js";

/** @type {Component} */
export function transcriptEditor(element, { store, api, actions, commands }) {
	/** @type {OpenTranscript|undefined} */
	let open;
	const [title, facts, saving, count, saves] = queryEach(element, "h2", "#editor-facts", ".save-state", "#found", "#saves");
	const [correct, unsure, restore, editTools] = queryEach(element, "#correct", "#unsure", "#restore", "#edit-tools");
	const [conflict, screen, plain, text, bottom] = queryEach(element, ".conflict", ".video-area", ".plain", ".editor-text", ".editor-footer");
	const [copyText, copyTimes, theirs, mine] = queryEach(element, "#copy-text", "#copy-times", "#theirs", "#mine");
	const findInput = query(element, "#find", HTMLInputElement);
	const undo = query(element, "#undo", HTMLButtonElement);
	const redo = query(element, "#redo", HTMLButtonElement);
	connectCopyButton(copyText, plainText);
	connectCopyButton(copyTimes, timedText);
	findInput.addEventListener("input", find);
	findInput.addEventListener("keydown", ({ key, shiftKey }) => key === "Enter" && step(shiftKey ? -1 : 1));
	addEventListener("beforeunload", (event) => {
		if (!open?.editing.isDirty) return;
		void open.editing.save();
		event.preventDefault();
	});
	document.addEventListener("visibilitychange", () => open?.editing.save());
	// What is not saved yet is saved before it is exported.
	saves.addEventListener("click", (event) => {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		const editing = open?.editing;
		if (!link || !editing?.isDirty || editing.saving === "conflict") return;
		event.preventDefault();
		void editing.save().then(() => editing.isDirty || link.click());
	});

	Object.assign(commands, {
		open: openAt,
		close,
		"desk search": () => findInput.select(),
		"desk play": () => open?.player.toggle(),
		"desk back": () => open?.player.skip(-1),
		"desk ahead": () => open?.player.skip(1),
		"desk slower": () => open?.player.faster(-1),
		"desk faster": () => open?.player.faster(1),
		"desk correct": toggleCorrecting,
		unsure: () => markUnsure(!isOn(unsure)),
		restore: () => open?.editing.restore(),
		"take theirs": () => open?.editing.settle("theirs"),
		"keep mine": () => open?.editing.settle("mine"),
		"previous hit": () => step(-1),
		"next hit": () => step(1),
		"desk undo": () => open?.editing.undo(),
		"desk redo": () => open?.editing.redo(),
		"desk leave": leave,
	});

	/** @param {string} id @param {number} [from] seconds to play from @param {string} [wanted] to look for */
	function openAt(id, from, wanted) {
		if (open?.id !== id) begin(id);
		if (from !== undefined) void open?.player.play(from);
		if (!wanted) return;
		findInput.value = wanted;
		find();
	}

	/** @param {string} id */
	function begin(id) {
		close();
		const editing = createEditSession(api, id, (saved) => {
			if (saved) store.dispatch({ type: "job/corrected", job_id: id, data: saved });
			showEditing();
		});
		const lines = transcriptLines({
			play: (from) => player.play(from),
			time: () => player.media.currentTime,
			change: (next, key) => editing.change(next, key),
		});
		const player = createPlayer(id, store.state.entries[id]?.job.audio_duration ?? 0, lines.follow);
		open = { id, editing, player, lines };
		text.replaceChildren(lines.element);
		screen.replaceChildren(player.media);
		bottom.replaceChildren(player.element);
		findInput.value = "";
		setText(count, "");
		drawSaves();
		localize(element);
		lines.localized();
		player.localized();
		setCorrecting(false);
		markUnsure(load("unsure", false));
		update();
		void actions.loadJob(id);
		api.waveform(id).then(({ peaks }) => open?.player === player && player.picture(peaks), () => undefined); // a plain line then
		title.focus({ preventScroll: true });
		scrollTo(0, 0);
	}

	function close() {
		void open?.editing.save();
		open?.player.close();
		open?.lines.close();
		open = undefined;
	}

	function drawSaves() {
		if (open) setChildren(saves, downloadLinks(open.id, store.state.formats));
	}

	function update() {
		const entry = open && store.state.entries[open.id];
		if (!entry) return;
		const { job, result, version } = entry;
		setText(title, job.filename);
		setText(facts, jobFacts(entry));
		const segments = result?.segments ?? [];
		setTextOrHide(plain, result && !segments.length ? result.text.trim() || t("job.notext") : "");
		setVisible(correct, segments.length > 0);
		setVisible(unsure, segments.some((segment) => segment.words));
		if (result) open?.editing.load(version, segments);
		if (findInput.value && !open?.lines.found) find();
		if (result?.language) text.lang = plain.lang = job.options?.task === "translate" ? "en" : result.language;
		showEditing();
	}

	function showEditing() {
		if (!open) return;
		const { editing, lines } = open;
		lines.update(editing.lines);
		undo.disabled = !editing.canUndo;
		redo.disabled = !editing.canRedo;
		setVisible(restore, editing.isCorrected);
		const clash = editing.saving === "conflict";
		setText(saving, (editing.isCorrected || editing.isDirty) && editing.saving !== "conflict" ? t(`edit.${editing.saving}`) : "");
		saving.dataset.state = editing.saving;
		setVisible(conflict, clash);
		if (!clash) return;
		const { at, remove, put } = diffLines(editing.theirs, editing.lines);
		setText(theirs, textOf(editing.theirs.slice(at, at + remove)) || "—");
		setText(mine, textOf(put) || "—");
	}

	/** Out of the line being corrected, then out of correcting, then out of here. */
	function leave() {
		const { activeElement } = document;
		if (activeElement instanceof HTMLElement && activeElement.isContentEditable) activeElement.blur();
		else if (isOn(correct)) toggleCorrecting();
		else navigateHome();
	}

	function toggleCorrecting() {
		setCorrecting(!isOn(correct));
		if (!isOn(correct)) void open?.editing.save();
	}

	/** @param {boolean} on */
	function setCorrecting(on) {
		correct.ariaPressed = String(on);
		setVisible(editTools, on);
		open?.lines.correct(on);
	}

	/** @param {boolean} on */
	function markUnsure(on) {
		save("unsure", on);
		unsure.ariaPressed = String(on);
		open?.lines.markUnsure(on);
	}

	function find() {
		const found = open?.lines.find(findInput.value) ?? 0;
		setText(count, findInput.value.trim() ? t("desk.at", { at: 0, all: found }) : "");
		if (found) step(1);
	}

	/** @param {1|-1} way */
	function step(way) {
		const at = open?.lines.step(way);
		if (at) setText(count, t("desk.at", { at, all: open?.lines.found ?? 0 }));
	}

	function plainText() {
		const lines = open?.editing.lines ?? [];
		return lines.length ? textOf(lines, "\n") : (plain.textContent ?? "");
	}

	function timedText() {
		return (open?.editing.lines ?? []).map((line) => `[${formatTime(line.start)}] ${line.text.trim()}`).join("\n");
	}

	return (state, before) => {
		if (!open) return;
		if (!before) {
			open.player.localized();
			open.lines.localized();
		}
		if (state.formats !== before?.formats) drawSaves();
		if (state.entries[open.id] !== before?.entries[open.id]) update();
		if (before && state.connection !== before.connection && state.connection === "online") void open.editing.save();
	};
}

/** @param {Lines} lines @param {string} [between] */
function textOf(lines, between = " ") {
	return lines.map((line) => line.text.trim()).join(between);
}

/** @param {Element} button */
function isOn(button) {
	return button.ariaPressed === "true";
}
