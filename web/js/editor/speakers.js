/** Who speaks: found, listened to, named, made one, and given lines with the number keys. */

import { nameOf } from "../components/speaker-names.js";
import { language, t } from "../i18n.js";
import { h, icon, query, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatDuration } from "../lib/format.js";

const POLL_MS = 700;
/** That the style sheet has colours for; more speakers share them. */
const COLOURS = 8;
const TEXT_FIELDS = "input, textarea, select, [contenteditable]";

/** What speakers are called, and their colours, by id. @param {readonly Speaker[]} speakers @returns {SpeakerLabels} */
function speakerLabels(speakers) {
	if (speakers.length < 2 && !speakers[0]?.name) return {};
	return Object.fromEntries(speakers.map((speaker, index) => [speaker.id, { name: nameOf(speaker), colour: String((index % COLOURS) + 1) }]));
}

/** A name for assistive technology, and to point at. @param {TextKey} key @param {Record<string, string|number>} params */
function named(key, params) {
	const title = t(key, params);
	return { title, "aria-label": title };
}

/** @param {HTMLElement} element @param {App} app @param {() => OpenTranscript|undefined} current @param {AbortSignal} signal */
export function speakersPanel(element, app, current, signal) {
	const { api, actions, commands, toast, tryOrTell } = app;
	const status = query(element, ".hint");
	const list = query(element, "ol");
	/** @type {readonly Speaker[]} */
	let speakers = [];
	/** Of which job and version. */
	let shown = "";
	/** Who speakers without a name may be, by id; of the job that is shown. @type {Record<string, string>} */
	let maybe = {};
	/** Whose voices were compared last. @type {OpenTranscript|undefined} */
	let comparedIn;
	/** The names of voices that are kept. */
	let kept = new Set();
	/** The only one whose lines are shown. */
	let only = "";
	commands.register({ "editor:find-speakers": find });
	list.addEventListener("change", ({ target }) => {
		const speaker = speakerOf(target);
		if (target instanceof HTMLInputElement) void edit({ names: { [speaker.id]: target.value } });
		if (target instanceof HTMLSelectElement && target.value) void edit({ merge: speaker.id, into: target.value });
	}, { signal });
	list.addEventListener("click", ({ target }) => {
		const pressed = target instanceof Element && target.closest("button");
		if (!pressed) return;
		const speaker = speakerOf(pressed);
		if (pressed.classList.contains("speaker-number")) showOnly(only === speaker.id ? "" : speaker.id);
		else if (pressed.classList.contains("maybe")) void edit({ names: { [speaker.id]: maybe[speaker.id] } });
		else if (pressed.classList.contains("keep")) askToKeep(speaker);
		else if (speaker.sample) current()?.player.playPart(speaker.sample.start, speaker.sample.end);
	}, { signal });
	document.addEventListener("keydown", (event) => {
		const { key, target } = event;
		const isTyping = target instanceof Element && target.closest(TEXT_FIELDS);
		if (!/^[1-9]$/.test(key) || event.ctrlKey || event.metaKey || event.altKey || isTyping || element.hidden) return;
		const speaker = speakers[Number(key) - 1]?.id ?? (Number(key) === speakers.length + 1 ? "new" : "");
		if (!speaker || !current() || document.querySelector("dialog[open]")) return;
		event.preventDefault();
		give(speaker);
	}, { signal });

	/** @param {EventTarget|null} target */
	function speakerOf(target) {
		const item = target instanceof Element && target.closest("li");
		return /** @type {Speaker} */ (speakers[Array.prototype.indexOf.call(list.children, item)]);
	}

	/** The selected lines, or the one that is played. @param {string} speaker */
	function give(speaker) {
		const part = current()?.lines.chosenPart();
		if (!part) return toast.show(t("selection.none"));
		void edit({ at: part.from, count: part.to - part.from + 1, speaker });
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

	/** @param {object} change */
	async function edit(change) {
		const open = current();
		if (!open) return;
		await tryOrTell(async () => {
			await open.session.save();
			if (open.session.isDirty) return;
			await api.editSpeakers(open.id, { version: open.session.version, ...change });
			await actions.loadJob(open.id);
		});
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

	/** @param {Speaker} speaker @param {number} index */
	function createItem(speaker, index) {
		const label = nameOf(speaker);
		const others = speakers.filter(({ id }) => id !== speaker.id);
		const options = others.map((other) => h("option", { value: other.id }, nameOf(other)));
		const play = h("button", { class: "button ghost round small", hidden: !speaker.sample, ...named("speakers.play", { name: label }) }, icon("play"));
		const name = h("input", { type: "text", maxLength: 100, value: speaker.name, placeholder: label, ...named("speakers.name", { number: index + 1 }) });
		const same = h("select", named("speakers.merge", { name: label }), h("option", { value: "" }, t("speakers.same_as")), ...options);
		const number = h("button", { class: "speaker-number figures", "data-colour": (index % COLOURS) + 1, ...named("speakers.only", { name: label }) }, String(index + 1));
		const time = h("span", { class: "hint figures" }, formatDuration(speaker.seconds));
		return h("li", {}, number, name, ...voiceButtons(speaker), time, play, ...(others.length ? [h("span", { class: "select quiet" }, same)] : []));
	}

	/** To take over a suggested name, or to keep the voice of somebody who has one. @param {Speaker} speaker */
	function voiceButtons({ id, name }) {
		const suggestion = !name && maybe[id];
		if (suggestion) {
			const label = named("speakers.is_maybe", { speaker: nameOf({ id, name }), name: suggestion });
			return [h("button", { class: "button small maybe", ...label }, t("speakers.maybe", { name: suggestion }))];
		}
		if (!name || kept.has(name)) return [];
		return [h("button", { class: "button ghost round small keep", ...named("voices.open", { name }) }, icon("mark"))];
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
		const focused = Array.prototype.indexOf.call(list.children, document.activeElement?.closest("li"));
		const tag = document.activeElement?.tagName;
		const hasFocus = list.contains(document.activeElement);
		list.replaceChildren(...(Object.keys(speakerLabels(speakers)).length ? speakers.map(createItem) : []));
		if (hasFocus && tag) /** @type {HTMLElement|null|undefined} */ (list.children[focused]?.querySelector(tag))?.focus();
		showOnly(speakers.some(({ id }) => id === only) ? only : "");
		show(status.hidden ? "" : (status.textContent ?? ""));
	}

	return {
		/** @param {string} id @param {number} version -1: it isn't completed, and nothing of it can be edited @param {readonly Speaker[]} found */
		render(id, version, found) {
			const key = `${id} ${version} ${found.length} ${language()}`;
			if (key === shown) return;
			if (!shown.startsWith(id)) {
				only = "";
				setText(status, "");
				status.hidden = true;
			}
			shown = key;
			const isSameNumber = found.length === speakers.length;
			speakers = version < 0 ? [] : found;
			current()?.lines.setSpeakers(speakerLabels(found));
			renderList();
			const open = current();
			if (!open || !speakers.length) return;
			void tryOrTell(() => loadSamples(open));
			if (open === comparedIn && isSameNumber) return;
			comparedIn = open;
			maybe = {};
			void loadVoices(open).catch(() => undefined); // names can be given without
		},
	};
}
