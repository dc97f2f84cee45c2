/** Scripts that were added beside a recording: aligned with it once it is transcribed, also if the page is opened again. */

import { errorText } from "./api.js";
import { t } from "./i18n.js";
import { hasEnded } from "./job-reducer.js";
import { formatPercent, stemOf } from "./lib/format.js";
import { load, save } from "./lib/storage.js";
import { transcriptHref } from "./router.js";

/** By the job's id. @type {Record<string, string>} */
let pending = load("scripts", {});

/** Pairs each recording with the text file of its name; asks whether one recording belongs to one text of another name. @param {readonly File[]} files @param {RegExp} names of text files */
export function pairScripts(files, names) {
	const texts = files.filter(({ name }) => names.test(name));
	const recordings = files.filter((file) => !texts.includes(file));
	/** @type {Map<File, File>} */
	const scripts = new Map();
	for (const recording of recordings) {
		const script = texts.find((text) => stem(text) === stem(recording));
		if (script) scripts.set(recording, script);
	}
	const [recording, text] = [recordings[0], texts[0]];
	const isUnclear = recording && text && recordings.length === 1 && texts.length === 1 && !scripts.size;
	if (isUnclear && confirm(t("script.confirm", { text: text.name, name: recording.name }))) scripts.set(recording, text);
	const used = new Set(scripts.values());
	return { recordings: files.filter((file) => !used.has(file)), scripts };
}

/** @param {File} file */
function stem({ name }) {
	return stemOf(name).toLowerCase();
}

/** @param {string} jobId @param {string} text */
export function rememberScript(jobId, text) {
	pending = { ...pending, [jobId]: text };
	save("scripts", pending);
}

/** @param {App} app */
export function alignPendingScripts({ store, api, toast }) {
	store.subscribe(alignCompleted);
	alignCompleted(store.state);

	/** @param {State} state */
	function alignCompleted({ entries }) {
		for (const [id, text] of Object.entries(pending)) {
			const job = entries[id]?.job;
			if (!job || !hasEnded(job.status)) continue;
			const { [id]: _, ...others } = pending;
			pending = others;
			save("scripts", pending);
			if (job.status === "completed") void align(job, text);
		}
	}

	/** @param {Job} job @param {string} text */
	async function align({ job_id: id, filename }, text) {
		try {
			const { transcript_version: version = 0 } = await api.job(id);
			const { words, placed } = await api.align(id, version, text);
			const share = formatPercent((100 * placed) / words);
			toast.show(`${filename}: ${t("script.done", { placed, words, share })}`, "filter.status", () => (location.hash = transcriptHref(id)));
		} catch (error) {
			toast.show(`${filename}: ${errorText(error)}`);
		}
	}
}
