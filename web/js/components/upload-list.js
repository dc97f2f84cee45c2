/** Files that are being uploaded, and those that were rejected. */

import { t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";
import { keyedList } from "../lib/keyed-list.js";

/** @type {Component} */
export function uploadList(element, app) {
	const show = keyedList(element, ({ id }) => id, (/** @type {Upload} */ { id }) => uploadCard(id, app));
	return ({ uploads }, before) => {
		if (uploads === before?.uploads) return;
		setVisible(element, uploads.length > 0);
		show(uploads);
		if (uploads.length > (before?.uploads.length ?? 0)) element.lastElementChild?.scrollIntoView({ block: "nearest" });
	};
}

/** @param {string} id @param {App} app */
function uploadCard(id, { store, uploads }) {
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
		if (isSending && !totalBytes) return t("upload.loading");
		const sizes = { sent: formatBytes(sentBytes), total: formatBytes(totalBytes) };
		const secondsLeft = ((performance.now() - startedMs) / 1000) * (totalBytes / sentBytes - 1);
		const showRemaining = isSending && sentBytes > 0 && secondsLeft > 1;
		const remaining = showRemaining ? ` · ${t("job.remaining", { time: formatDuration(secondsLeft) })}` : "";
		return t(`upload.${phase}`, sizes) + remaining;
	}

	/** @param {Upload} upload */
	function estimateText({ duration, model }) {
		const realTimeFactor = store.state.models.find(({ name }) => name === model)?.real_time_factor;
		if (!duration || !realTimeFactor) return "";
		const length = formatDuration(duration);
		return t("upload.estimate", { length, time: formatDuration(1 + duration * realTimeFactor) });
	}

	return {
		element,

		/** @param {Upload} upload */
		update(upload) {
			const { filename, phase, sentBytes, totalBytes } = upload;
			const isFailed = phase === "failed" || phase === "interrupted";
			setText(name, filename);
			setText(progress, progressText(upload));
			setTextOrHide(estimate, isFailed ? "" : estimateText(upload));
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
