/** Transcribing the recording on the desk again, and what becomes of it: progress, then the differences. */

import { languageCode, optionField, updateModels } from "../components/option-field.js";
import { t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { h, query, queryEach, setChildren, setText, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";
import { formatPercent, formatTime, languageName } from "../lib/format.js";
import { load, save } from "../lib/storage.js";
import { transcriptHref } from "../router.js";

const SHOWN_OPTIONS = ["model", "language", "quality"];

/**
 * @param {App} app @param {() => OpenTranscript|undefined} current
 * @param {(otherId: string, title: string) => void} review
 */
export function secondTexts({ actions, api, store, tryOrTell }, current, review) {
	const { dialog, open } = formDialog(document, "#again-dialog", () => start(false));
	const notice = query(document, "#second-notice");
	const options = query(dialog, ".again-options");
	const part = query(dialog, "#again-part", HTMLSelectElement);
	const languageList = query(document, "#languages", HTMLDataListElement);
	const [text, reviewButton, openLink, cancel] = queryEach(
		notice, "p", "[data-command='editor:review-differences']", "a", "[data-command='editor:cancel-second']",
	);
	const bar = query(notice, "progress", HTMLProgressElement);
	/** @type {OptionField[]} */
	let fields = [];
	query(document, "#more").addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection

	/** The lines in which text is selected, as a part of the recording. @returns {[number, number]|undefined} */
	function selectedPart() {
		const lines = current()?.lines;
		const selected = lines?.selection();
		const [first, last] = [lines?.shown[selected?.from ?? -1], lines?.shown[selected?.to ?? -1]];
		return first && last && [first.start, last.end];
	}

	function openDialog() {
		const id = current()?.id ?? "";
		const job = store.state.entries[id]?.job;
		if (!job) return;
		fields = store.state.options.filter(({ name }) => SHOWN_OPTIONS.includes(name)).map((option) => optionField(option, "again"));
		fields.sort((a, b) => SHOWN_OPTIONS.indexOf(a.option.name) - SHOWN_OPTIONS.indexOf(b.option.name));
		setChildren(options, ...fields.map(({ element }) => element));
		for (const { option, control } of fields) {
			if (option.name === "model") updateModels(control, store.state, job.model);
			else if (option.name === "language") control.value = job.language ? languageName(job.language) : "";
			else control.value = String(job.options?.[option.name] ?? option.default);
		}
		const selection = selectedPart();
		const duration = formatTime(job.audio_duration ?? 0);
		part.replaceChildren(h("option", { value: "" }, t("again.whole", { duration })));
		if (selection) {
			const [from, to] = selection.map((time) => formatTime(time, 1));
			part.append(h("option", { value: selection.map((time) => time.toFixed(2)).join() }, t("again.selection", { from: from ?? "", to: to ?? "" })));
			part.value = part.options[1]?.value ?? "";
		}
		setVisible(query(dialog, ".select-first"), !selection);
		open();
		fields[0]?.control.focus(); // not the link to the models before it
	}

	/** @param {{option: Option, control: OptionControl}} field */
	function valueOf({ option, control }) {
		const value = control.value.trim();
		return option.name === "language" ? (languageCode(languageList, value) ?? "auto") : value || null;
	}

	/** @param {boolean} isSecondOpinion the server chooses the options */
	async function start(isSecondOpinion) {
		const id = current()?.id;
		if (!id) return;
		const chosen = Object.fromEntries(fields.map((field) => [field.option.name, valueOf(field)]));
		const changes = isSecondOpinion ? {} : { ...chosen, clip_timestamps: part.value || "0" };
		const job = await api.transcribeAgain(id, { ...changes, word_timestamps: true }, isSecondOpinion);
		store.dispatch({ type: "job", job_id: job.job_id, data: job });
		dialog.close();
	}

	/** The newest text of the same recording besides this one, unless the user has closed its notice. @param {State} state @param {string} id */
	function otherJob(state, id) {
		const own = state.entries[id]?.job;
		const others = state.jobIds.filter((each) => state.entries[each]?.job.again_of === id);
		if (own?.again_of && state.entries[own.again_of]) others.push(own.again_of);
		const dismissed = load("dismissedTexts", /** @type {string[]} */ ([]));
		const shown = others.find((each) => !state.removing.includes(each) && !dismissed.includes(`${id} ${each}`));
		return shown === undefined ? undefined : state.entries[shown]?.job;
	}

	/** @param {Job} job */
	function nameOf({ model, options }) {
		return options?.beam_size ? t("second.wider", { model }) : model;
	}

	/** @param {State} state @param {string} id */
	function render(state, id) {
		const job = otherJob(state, id);
		const isReady = job?.status === "completed" && state.entries[id]?.job.status === "completed";
		setVisible(notice, job !== undefined);
		if (!job) return;
		const isRunning = !hasEnded(job.status);
		notice.dataset.status = job.status;
		for (const part of [bar, cancel]) setVisible(part, isRunning);
		bar.value = job.progress;
		bar.ariaLabel = t("second.running", { model: nameOf(job), percent: formatPercent(job.progress) });
		setVisible(reviewButton, isReady);
		setVisible(openLink, job.status === "completed");
		openLink.setAttribute("href", transcriptHref(job.job_id));
		if (isRunning) setText(text, bar.ariaLabel);
		else if (job.status === "completed") setText(text, t("second.ready", { model: nameOf(job) }));
		else setText(text, [t(`status.${job.status}`), job.error?.message].filter(Boolean).join(": "));
	}

	return {
		render,
		openDialog,
		secondOpinion: () => tryOrTell(() => start(true)),

		review() {
			const id = current()?.id ?? "";
			const job = otherJob(store.state, id);
			if (job) review(job.job_id, t("review.differences", { model: nameOf(job) }));
		},

		cancel() {
			const job = otherJob(store.state, current()?.id ?? "");
			if (job) actions.cancel(job.job_id);
		},

		/** Closes the notice for good. */
		dismiss() {
			const id = current()?.id ?? "";
			const job = otherJob(store.state, id);
			if (job) save("dismissedTexts", [...load("dismissedTexts", /** @type {string[]} */ ([])), `${id} ${job.job_id}`].slice(-200));
			render(store.state, id);
		},
	};
}
