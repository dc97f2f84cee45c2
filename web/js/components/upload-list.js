/** Files that are being uploaded, and those that were rejected. */

import { language, t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";

/** @type {Component} */
export function uploadList(element, { uploads }) {
	/** @type {Map<string, ReturnType<typeof uploadCard>>} */
	const cards = new Map();
	element.replaceChildren();
	return (state, before) => {
		if (state.uploads === before?.uploads) return;
		setVisible(element, state.uploads.length > 0);
		const ids = new Set(state.uploads.map(({ id }) => id));
		for (const [id, card] of cards) {
			if (ids.has(id)) continue;
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

/** @param {string} id @param {UploadQueue} uploads */
function uploadCard(id, uploads) {
	let startedMs = 0;
	const element = cloneTemplate("upload-card");
	const [name, progress, estimate, error, retry, stop] = queryEach(element, ".name", ".meta", ".hint", ".error", ".retry", ".stop");
	const bar = query(element, "progress", HTMLProgressElement);
	retry.addEventListener("click", () => uploads.retry(id));
	stop.addEventListener("click", () => uploads.cancel(id));

	/** @param {Upload} upload */
	function progressText({ phase, sentBytes, totalBytes }) {
		const isSending = phase === "sending";
		if (!isSending || !startedMs) startedMs = isSending ? performance.now() : 0;
		if (isSending && !totalBytes) return t("upload.fetching");
		const sizes = { sent: formatBytes(sentBytes, language()), total: formatBytes(totalBytes, language()) };
		const secondsLeft = ((performance.now() - startedMs) / 1000) * (totalBytes / sentBytes - 1);
		const showRemaining = isSending && sentBytes > 0 && secondsLeft > 1;
		const remaining = showRemaining ? ` · ${t("job.remaining", { time: formatDuration(secondsLeft, language()) })}` : "";
		return t(`upload.${phase}`, sizes) + remaining;
	}

	/** @param {Upload} upload @param {number|undefined} realTimeFactor */
	function estimateText({ phase, duration }, realTimeFactor) {
		if (duration === null || realTimeFactor === undefined || phase === "failed" || phase === "interrupted") return "";
		const length = formatDuration(duration, language());
		return t("upload.estimate", { length, time: formatDuration(1 + duration * realTimeFactor, language()) });
	}

	return {
		element,

		/** @param {Upload} upload @param {number|undefined} realTimeFactor of its model: seconds of work for a second of audio */
		update(upload, realTimeFactor) {
			const { filename, phase, sentBytes, totalBytes } = upload;
			const isFailed = phase === "failed" || phase === "interrupted";
			setText(name, filename);
			setText(progress, progressText(upload));
			setTextOrHide(estimate, estimateText(upload, realTimeFactor));
			setVisible(bar, !isFailed);
			if (phase === "waiting" || (phase === "sending" && totalBytes)) bar.value = sentBytes / (totalBytes || 1);
			else bar.removeAttribute("value");
			bar.ariaLabel = t("job.progress", { name: filename });
			setTextOrHide(error, upload.error ?? "");
			setVisible(retry, isFailed);
			const action = t(isFailed ? "upload.dismiss" : "job.cancel");
			setText(stop, action);
			stop.ariaLabel = `${action}: ${filename}`;
		},
	};
}
