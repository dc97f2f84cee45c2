/** Saves or copies a transcript: the format by what it is for, its layout, a preview, and what is wrong with subtitles. */

import { errorText } from "../api.js";
import { t } from "../i18n.js";
import { closest, h, query, queryEach, setChildren, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatNumber, formatTime } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { EXPORT_GROUPS, formatLabel, groupOf, layoutQuery, PRESET_FIGURES, PRESETS } from "./export-formats.js";

const PREVIEW_CHARS = 4000;
const MAX_PROBLEMS = 200;
const DEBOUNCE_MS = 250;

/** @type {Component} */
export function exportDialog(element, app) {
	const { api, store } = app;
	const dialog = query(element, "dialog", HTMLDialogElement);
	const [formats, note, preview, title] = queryEach(dialog, ".export-formats", "#export-note", "#export-preview", "#export-title");
	const [problems, problemCount, problemList, copy] = queryEach(dialog, "#export-problems", "#export-problems summary", "#export-problems ol", "#export-copy");
	const saveLink = query(dialog, "#export-save", HTMLAnchorElement);
	const form = query(dialog, "form", HTMLFormElement);
	const names = query(dialog, ".speaker-names");
	const preset = query(dialog, "[name=subtitles]", HTMLSelectElement);
	/** What was chosen last, by the names of the form's fields. @type {Record<string, string|boolean>} */
	let chosen = { format: "txt", subtitles: "whisper", speaker_names: true, ...load("export", {}) };
	/** @type {ExportSource} */
	let source;
	/** Cancels the requests for the choice before. */
	let request = new AbortController();
	/** @type {Timer} */
	let timer;
	form.addEventListener("input", () => {
		chosen = { ...chosen, ...readForm(form) };
		save("export", chosen);
		render();
	});
	form.addEventListener("submit", (event) => event.preventDefault());
	copy.addEventListener("click", () => api.transcriptFile(address(String(chosen.format))).then((text) => app.copy(text), () => undefined));
	problemList.addEventListener("click", ({ target }) => {
		const start = closest(target, "button")?.dataset.start;
		if (!start) return;
		dialog.close();
		source.show(Number(start));
	});
	dialog.addEventListener("close", () => request.abort());
	app.openExport = (wanted) => {
		source = wanted;
		renderForm();
		setText(title, t("export.title", { name: source.title }));
		if (!dialog.open) dialog.showModal();
		query(formats, ":checked").focus();
	};

	function renderForm() {
		const offered = store.state.formats.filter((format) => source.hasPreview || format !== "zip");
		const format = offered.includes(String(chosen.format)) ? String(chosen.format) : "txt";
		chosen = { ...chosen, format };
		setChildren(formats, ...EXPORT_GROUPS.map(({ name, formats: names }) => {
			const shown = names?.filter((offer) => offered.includes(offer)) ?? offered.filter((offer) => groupOf(offer) === name);
			const choices = shown.map((offer) => h("label", { class: "chip" },
				h("input", { type: "radio", name: "format", value: offer, checked: offer === format, class: "visually-hidden" }), h("span", {}, formatLabel(offer))));
			return h("fieldset", {}, h("legend", { t: `export.${name}` }), h("div", {}, ...choices));
		}));
		preset.replaceChildren(...PRESETS.map((value) => h("option", { value }, t(`preset.${value}`))));
		for (const [name, value] of Object.entries(chosen)) {
			const field = form.elements.namedItem(name);
			if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = value === true;
			else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = String(value);
		}
		render();
	}

	/** The fields that the format has, its address and, a little later, its preview. */
	function render() {
		const format = String(chosen.format);
		const group = groupOf(format);
		const lacksWords = !source.hasWords;
		for (const part of form.querySelectorAll("[data-for]")) {
			setVisible(/** @type {HTMLElement} */ (part), (part.getAttribute("data-for") ?? "").split(" ").includes(format));
		}
		setVisible(names, source.hasSpeakers && format !== "rttm");
		for (const field of form.querySelectorAll("[data-words] :is(input, select)")) field.toggleAttribute("disabled", lacksWords);
		for (const [name, value] of Object.entries(PRESET_FIGURES[String(chosen.subtitles)] ?? {})) {
			query(form, `[name=${name}]`, HTMLInputElement).placeholder = value;
		}
		setTextOrHide(note, group === "subtitles" && lacksWords ? t("export.needs_words") : "");
		saveLink.href = address(format);
		setVisible(copy, source.hasPreview && !["docx", "zip"].includes(format));
		setVisible(preview, source.hasPreview);
		clearTimeout(timer);
		timer = setTimeout(() => void renderPreview(format), DEBOUNCE_MS);
	}

	/** @param {string} format */
	function address(format) {
		return source.address(format, layoutQuery(format, chosen, source.hasWords));
	}

	/** @param {string} format */
	async function renderPreview(format) {
		request.abort();
		request = new AbortController();
		const { signal: isCurrent } = request;
		setVisible(problems, false);
		if (!source.hasPreview) return;
		const isText = !["docx", "html", "zip"].includes(format); // the others have the text of Markdown
		const file = await api.transcriptFile(address(isText ? format : "md"), isCurrent).catch((error) => (isCurrent.aborted ? "" : errorText(error)));
		if (isCurrent.aborted) return;
		const text = isText ? file : withoutMarkup(file);
		setText(preview, text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}…` : text);
		preview.scrollTop = 0;
		if (groupOf(format) === "subtitles" && format !== "lrc") await renderProblems(format, isCurrent);
	}

	/** @param {string} format @param {AbortSignal} isCurrent */
	async function renderProblems(format, isCurrent) {
		const found = await source.check?.(layoutQuery(format, chosen, source.hasWords), isCurrent).catch(() => null);
		if (isCurrent.aborted || !found) return;
		const { outside, subtitles } = found;
		setText(problemCount, t(outside.length ? "export.problems" : "export.no_problems", { count: outside.length, total: subtitles }));
		problemList.replaceChildren(...outside.slice(0, MAX_PROBLEMS).map(problemItem));
		setVisible(problems, subtitles > 0);
		problems.toggleAttribute("data-empty", !outside.length);
	}

	/** @param {SubtitleCheck["outside"][number]} subtitle */
	function problemItem({ start, text, problems: names, columns_per_s: speed }) {
		const what = names.map((name) => t(`problem.${name}`, { speed: formatNumber(speed) })).join(", ");
		const button = h("button", { "data-start": start }, h("span", { class: "figures" }, formatTime(start, 1)), ` ${what}`);
		return h("li", {}, button, h("span", { class: "hint", dir: "auto" }, text));
	}
}

/** @param {HTMLFormElement} form @returns {Record<string, string|boolean>} */
function readForm(form) {
	const boxes = [...form.querySelectorAll("input[type=checkbox]")].map((box) => [box.getAttribute("name"), /** @type {HTMLInputElement} */ (box).checked]);
	return { ...Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)])), ...Object.fromEntries(boxes) };
}

/** @param {string} markdown @returns {string} as a document shows it */
function withoutMarkup(markdown) {
	return markdown.replace(/^\*\*(.*?)\*\*/gm, "$1 ").replace(/\\([\\`*_{}[\]<>#|~&])/g, "$1");
}
