/** Who speaks: found, listened to, named, made one, and given lines with the number keys. */

import { nameOf, numberOf } from "../components/speaker-names.js";
import { language, t } from "../i18n.js";
import { closest, h, icon, query, setChildren, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatDuration } from "../lib/format.js";
import { keyedList } from "../lib/keyed-list.js";

const POLL_MS = 700;
/** That the style sheet has colours for; more speakers share them. */
const COLOURS = 8;
const TEXT_FIELDS = "input, textarea, select, [contenteditable]";

/** What speakers are called, and their colours, by id. @param {readonly Speaker[]} speakers @returns {SpeakerLabels} */
function speakerLabels(speakers) {
	if (speakers.length < 2 && !speakers[0]?.name) return {};
	return Object.fromEntries(speakers.map((speaker) => [speaker.id, { name: nameOf(speaker), colour: colourOf(speaker) }]));
}

/** @param {JobSpeaker} speaker */
const colourOf = (speaker) => String(((numberOf(speaker) - 1) % COLOURS) + 1);

/** Names it for assistive technology, and for who points at it. @param {HTMLElement} element @param {TextKey} key @param {Record<string, string|number>} params */
function label(element, key, params) {
	element.title = element.ariaLabel = t(key, params);
}

/** @param {HTMLElement} element @param {App} app @param {() => OpenTranscript|undefined} current */
export function speakersPanel(element, app, current) {
	const { api, actions, commands, store, toast, tryOrTell } = app;
	const status = query(element, ".hint");
	const list = query(element, "ol");
	const showItems = keyedList(list, ({ id }) => id, createItem);
	/** The last edit: the next one waits for its version. @type {Promise<unknown>} */
	let editing = Promise.resolve();
	/** @type {readonly Speaker[]} */
	let speakers = [];
	/** Of which job and version. */
	let shown = "";
	/** @type {OpenTranscript|undefined} */
	let shownIn;
	/** Who speakers without a name may be, by id; of the job that is shown. @type {Record<string, string>} */
	let maybe = {};
	/** The names of voices that are kept. */
	let kept = new Set();
	/** The only one whose lines are shown. */
	let only = "";
	commands.register({ "editor:find-speakers": find });
	list.addEventListener("change", ({ target }) => {
		const speaker = speakerOf(target);
		if (target instanceof HTMLInputElement) edit({ names: { [speaker.id]: target.value } });
		if (target instanceof HTMLSelectElement && target.value) edit({ merge: speaker.id, into: target.value });
	});
	list.addEventListener("click", ({ target }) => {
		const pressed = closest(target, "button");
		if (!pressed) return;
		const speaker = speakerOf(pressed);
		if (pressed.classList.contains("speaker-number")) showOnly(only === speaker.id ? "" : speaker.id);
		else if (pressed.classList.contains("maybe")) edit({ names: { [speaker.id]: maybe[speaker.id] } });
		else if (pressed.classList.contains("keep")) askToKeep(speaker);
		else if (speaker.sample) current()?.player.playPart(speaker.sample.start, speaker.sample.end);
	});
	document.addEventListener("keydown", (event) => {
		const { key, target } = event;
		if (!/^[1-9]$/.test(key) || event.ctrlKey || event.metaKey || event.altKey || closest(target, TEXT_FIELDS) || element.hidden) return;
		const number = Number(key);
		const isNext = speakers.filter((each) => numberOf(each) < number).length === number - 1; // the free number that a new one gets
		const speaker = speakers.find((each) => numberOf(each) === number)?.id ?? (isNext && "new");
		if (!speaker || !current() || document.querySelector("dialog[open]")) return;
		event.preventDefault();
		give(speaker);
	});

	/** @param {EventTarget|null} target */
	function speakerOf(target) {
		return /** @type {Speaker} */ (speakers[Array.prototype.indexOf.call(list.children, closest(target, "li"))]);
	}

	/** The selected lines, or the one that is played. @param {string} speaker */
	function give(speaker) {
		const part = current()?.lines.chosenPart();
		if (!part) return toast.show(t("selection.none"));
		edit({ at: part.from, count: part.to - part.from + 1, speaker });
	}

	/** @param {Speaker} speaker */
	function askToKeep({ id, name }) {
		const open = current();
		if (open) app.knownVoices({ job_id: open.id, speaker: id, name }, () => void loadVoices(open));
	}

	/** Whose voices are known, and whether somebody here has one of them. @param {OpenTranscript} open */
	async function loadVoices(open) {
		kept = new Set((await api.knownVoices()).map(({ name }) => name));
		const isUnknown = kept.size > 0 && speakers.some(({ name }) => !name);
		const suggestions = isUnknown ? await api.suggestions(open.id) : [];
		if (open !== current()) return;
		maybe = Object.fromEntries(suggestions.map(({ speaker, name }) => [speaker, name]));
		renderList();
	}

	/** @param {object} change @param {OpenTranscript|undefined} [open] which need not be open any longer */
	function edit(change, open = current()) {
		if (!open) return;
		editing = editing.then(() => tryOrTell(async () => {
			await open.session.save();
			if (open.session.isDirty) return;
			const edited = await api.editSpeakers(open.id, { version: open.session.version, ...change });
			const segments = open.session.lines.map((line, at) => {
				const speaker = edited.segments[at] ?? undefined;
				return speaker === line.speaker ? line : { ...line, speaker };
			});
			store.dispatch({ type: "job/corrected", job_id: open.id, data: { ...edited, segments } });
			const { split } = edited;
			if (split) toast.show(t("speakers.merged"), "edit.undo", () => edit({ split }, open));
		}));
	}

	async function find() {
		const open = current();
		if (!open) return;
		await open.session.save();
		await tryOrTell(() => api.findSpeakers(open.id));
		await follow(open);
	}

	/** Shows how far a search is, until it ends. @param {OpenTranscript} open */
	async function follow(open) {
		await tryOrTell(async () => {
			let state = await api.speakers(open.id);
			while (state.search?.status === "running" && open === current()) {
				show(state.search.message);
				await new Promise((resolve) => setTimeout(resolve, POLL_MS));
				state = await api.speakers(open.id);
			}
			if (open !== current()) return;
			show(state.search?.message ?? (state.speakers.length > 1 ? "" : t(state.speakers.length ? "speakers.one" : "speakers.none")));
			await actions.loadJob(open.id);
		});
	}

	/** @param {string} text */
	function show(text) {
		setTextOrHide(status, text);
		setVisible(element, Boolean(text) || list.childElementCount > 0);
	}

	/** @param {string} id */
	function showOnly(id) {
		only = id;
		current()?.lines.showOnly(id);
		for (const item of list.children) {
			const number = query(item, ".speaker-number");
			number.ariaPressed = String(speakerOf(item).id === only);
		}
	}

	/** Stays the same while its speaker is there: somebody may be typing the name. @param {Speaker} speaker */
	function createItem({ id }) {
		const number = h("button", { class: "speaker-number figures" });
		const name = h("input", { type: "text", maxLength: 100 });
		const voice = h("span");
		const time = h("span", { class: "hint figures" });
		const play = h("button", { class: "button ghost round small" }, icon("play"));
		const same = h("select");
		const merging = h("span", { class: "select quiet" }, same);
		return {
			element: h("li", {}, number, name, time, play, merging, voice),

			/** @param {Speaker} speaker */
			update(speaker) {
				const called = nameOf(speaker);
				setText(number, String(numberOf(speaker)));
				number.dataset.colour = colourOf(speaker);
				label(number, "speakers.only", { name: called });
				if (name !== document.activeElement) name.value = speaker.name;
				name.placeholder = called;
				label(name, "speakers.name", { number: numberOf(speaker) });
				const buttons = voiceButtons(speaker);
				setChildren(voice, ...buttons);
				setVisible(voice, buttons.length > 0);
				setText(time, formatDuration(speaker.seconds));
				setVisible(play, Boolean(speaker.sample));
				label(play, "speakers.play", { name: called });
				const others = speakers.filter((other) => other.id !== id);
				same.replaceChildren(h("option", { value: "" }, t("speakers.same_as")), ...others.map((other) => h("option", { value: other.id }, nameOf(other))));
				label(same, "speakers.merge", { name: called });
				setVisible(merging, others.length > 0);
			},
		};
	}

	/** To take over a suggested name, or to keep the voice of somebody who has one. @param {Speaker} speaker */
	function voiceButtons({ id, name }) {
		const suggestion = !name && maybe[id];
		if (!suggestion && (!name || kept.has(name))) return [];
		const button = suggestion
			? h("button", { class: "button small maybe" }, t("speakers.maybe", { name: suggestion }))
			: h("button", { class: "button ghost round small keep" }, icon("sound"));
		if (suggestion) label(button, "speakers.is_maybe", { speaker: nameOf({ id, name }), name: suggestion });
		else label(button, "voices.open", { name });
		return [button];
	}

	/** Asks for where to listen to each. @param {OpenTranscript} open */
	async function loadSamples(open) {
		const key = shown;
		const state = await api.speakers(open.id);
		if (key !== shown || open !== current()) return;
		speakers = state.speakers;
		renderList();
		if (state.search?.status === "running") void follow(open);
	}

	function renderList() {
		const focused = document.activeElement?.closest(".speakers li");
		showItems(Object.keys(speakerLabels(speakers)).length ? speakers : []);
		if (focused && document.activeElement === document.body) focused.querySelector("input")?.focus(); // what had it is gone
		showOnly(speakers.some(({ id }) => id === only) ? only : "");
		show(status.textContent ?? "");
	}

	return {
		/** @param {string} id @param {number} version -1: it isn't completed, and nothing of it can be edited @param {readonly Speaker[]} found */
		render(id, version, found) {
			const key = `${id} ${version} ${found.length} ${language()}`;
			const open = current();
			if (!open || (key === shown && open === shownIn)) return;
			if (open !== shownIn) {
				only = "";
				show("");
			}
			const isCompared = open === shownIn && found.length === speakers.length;
			[shown, shownIn] = [key, open];
			speakers = version < 0 ? [] : found;
			open.lines.setSpeakers(speakerLabels(found));
			renderList();
			if (!speakers.length) return;
			void tryOrTell(() => loadSamples(open));
			if (isCompared) return;
			maybe = {};
			void loadVoices(open).catch(() => undefined); // names can be given without
		},
	};
}
