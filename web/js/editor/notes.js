/** Marked parts of a transcript, and what is written about them, beside the text. */

import { t } from "../i18n.js";
import { cloneTemplate, closest, query, queryEach, setText, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

const SAVE_MS = 800;
const RETRY_MS = 3000;

/**
 * @param {HTMLElement} element
 * @param {{play: (seconds: number) => void, copy: (text: string) => unknown, onChange: (notes: readonly Note[]) => void, save: (id: string, notes: readonly Note[], before: readonly Note[]) => Promise<unknown>}} host
 */
export function notesPanel(element, { play, copy, onChange, save }) {
	const list = query(element, "ol");
	/** Of which job. */
	let id = "";
	/** @type {readonly Note[]} */
	let notes = [];
	/** What the server was last told, or told: others may have changed its notes since. @type {readonly Note[]} */
	let known = [];
	/** The server's latest. @type {readonly Note[]} */
	let latest = [];
	/** Changes that aren't sent yet. */
	let isChanged = false;
	/** @type {Timer} */
	let timer;
	query(element, "#copy-notes").addEventListener("click", () => copy(notes.map(noteText).join("\n\n")));
	list.addEventListener("click", ({ target }) => {
		const note = notes[indexOf(target)];
		if (note && closest(target, ".time")) play(note.start);
		if (note && closest(target, ".remove")) change(notes.filter((other) => other !== note));
	});
	list.addEventListener("input", ({ target }) => {
		if (!(target instanceof HTMLTextAreaElement)) return;
		const index = indexOf(target);
		fit(target);
		notes = notes.map((note, at) => (at === index ? { ...note, text: target.value } : note));
		isChanged = true;
		clearTimeout(timer);
		timer = setTimeout(send, SAVE_MS);
	});
	list.addEventListener("focusout", ({ target, relatedTarget }) => {
		const item = closest(target, "li");
		if (item && !item.contains(/** @type {Node|null} */ (relatedTarget))) delete item.dataset.isNew;
		setTimeout(() => panel.load(id, latest));
	});
	list.addEventListener("keydown", ({ key, target }) => key === "Escape" && target instanceof HTMLElement && target.blur());
	addEventListener("pagehide", send);

	/** @param {EventTarget|null} target */
	function indexOf(target) {
		return Array.prototype.indexOf.call(list.children, closest(target, "li"));
	}

	/** @param {readonly Note[]} next */
	function change(next) {
		notes = next;
		isChanged = true;
		send();
		render();
	}

	function send() {
		clearTimeout(timer);
		if (!isChanged) return;
		isChanged = false;
		const [ofJob, sent, before] = [id, notes, known];
		known = notes;
		const keep = () => save(ofJob, sent, before).catch(({ isRefused }) => {
			const isShown = ofJob === id;
			if (isShown) [isChanged, known] = [true, before];
			if (!isRefused) setTimeout(isShown ? send : keep, RETRY_MS);
		});
		void keep();
	}

	function render() {
		setVisible(element, notes.length > 0);
		setVisible(query(document, "#show-notes"), notes.length > 0);
		element.closest(".desk-body")?.toggleAttribute("data-notes", notes.length > 0);
		list.replaceChildren(...notes.map(({ start, quote, text }) => {
			const item = cloneTemplate("note");
			const [time, quoted] = queryEach(item, ".time", "blockquote");
			const field = query(item, "textarea", HTMLTextAreaElement);
			setText(time, formatTime(start));
			time.ariaLabel = t("job.play_from", { time: formatTime(start) });
			setText(quoted, quote);
			field.value = text;
			return item;
		}));
		for (const field of list.querySelectorAll("textarea")) fit(field);
		onChange(notes);
	}

	const panel = {
		/** As the server has them, unless they are being changed here. @param {string} jobId @param {readonly Note[]} next */
		load(jobId, next) {
			if (id !== jobId) send();
			latest = next;
			const isSame = id === jobId && JSON.stringify(next) === JSON.stringify(notes);
			if (isSame) known = next;
			if (isSame || (id === jobId && (isChanged || list.contains(document.activeElement)))) return;
			[id, notes, known] = [jobId, next, next];
			render();
		},

		/** @param {Note} note */
		add(note) {
			change([...notes, note].sort((a, b) => a.start - b.start || a.end - b.end));
			const item = /** @type {HTMLElement} */ (list.children[notes.indexOf(note)]);
			item.dataset.isNew = "true"; // until it is left
			query(item, "textarea").focus({ preventScroll: true });
			if (getComputedStyle(item).position !== "fixed") item.scrollIntoView({ block: "nearest" });
		},
	};
	return panel;
}

/** @param {Note} note */
function noteText({ start, end, quote, text }) {
	return t("notes.copied", { times: `${formatTime(start)}–${formatTime(end)}`, quote, text }).trim();
}

/** As high as its text. @param {HTMLTextAreaElement} field */
function fit(field) {
	field.style.height = "auto";
	field.style.height = `${field.scrollHeight + 2}px`;
}
