/** Files on their way to the server, and those it refused. */

import { language, t } from "../i18n.js";
import { queryEach, query, setTextOrHide, setText, setVisible, cloneTemplate } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";

/** @type {Component} */
export function uploadList(element, { uploads }) {
	/** @type {Map<string, ReturnType<typeof uploadCard>>} */
	const cards = new Map();
	return (state, before) => {
		if (state.uploads === before?.uploads) return;
		setVisible(element, state.uploads.length > 0);
		const known = new Set(state.uploads.map(({ id }) => id));
		for (const [id, card] of cards) {
			if (known.has(id)) continue;
			card.element.remove();
			cards.delete(id);
		}
		for (const upload of state.uploads) {
			let card = cards.get(upload.id);
			if (!card) {
				card = uploadCard(upload.id, uploads);
				cards.set(upload.id, card);
				element.append(card.element);
				card.element.scrollIntoView({ block: "nearest" });
			}
			card.update(upload, state.models.find(({ name }) => name === upload.model)?.real_time_factor);
		}
	};
}

/** One file: how much is sent, cancel; or why it was not accepted. @param {string} id @param {Uploads} uploads */
function uploadCard(id, uploads) {
	let began_ms = 0;
	const element = cloneTemplate("upload-card");
	const [name, doing, estimate, error, retry, stop] = queryEach(element, ".name", ".meta", ".hint", ".error", ".retry", ".stop");
	const bar = query(element, "progress", HTMLProgressElement);
	retry.addEventListener("click", () => uploads.retry(id));
	stop.addEventListener("click", () => uploads.cancel(id));

	/** @param {Upload} upload */
	function progressText({ phase, sent_bytes, total_bytes }) {
		const sends = phase === "sending";
		if (!sends || !began_ms) began_ms = sends ? performance.now() : 0;
		if (sends && !total_bytes) return t("upload.fetching");
		const left_s = ((performance.now() - began_ms) / 1000) * (total_bytes / sent_bytes - 1);
		const left = sends && sent_bytes > 0 && left_s > 1 ? ` · ${t("job.left", { time: formatDuration(left_s, language()) })}` : "";
		return t(`upload.${phase}`, { sent: formatBytes(sent_bytes, language()), total: formatBytes(total_bytes, language()) }) + left;
	}

	return {
		element,

		/** @param {Upload} upload @param {number|undefined} factor seconds of work for a second of audio */
		update(upload, factor) {
			const { filename, phase, sent_bytes, total_bytes, duration } = upload;
			const failed = phase === "failed";
			setText(name, filename);
			setText(doing, progressText(upload));
			const known = duration !== null && factor !== undefined && !failed;
			const [length, time] = known ? [duration, 1 + duration * factor].map((each) => formatDuration(each, language())) : [];
			setTextOrHide(estimate, length && time ? t("upload.estimate", { length, time }) : "");
			setVisible(bar, !failed);
			if (phase === "waiting" || (phase === "sending" && total_bytes)) bar.value = sent_bytes / (total_bytes || 1);
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: filename });
			setTextOrHide(error, upload.error ?? "");
			setVisible(retry, failed);
			const action = t(failed ? "upload.dismiss" : "job.cancel");
			setText(stop, action);
			stop.ariaLabel = t("job.of", { action, name: filename });
		},
	};
}
