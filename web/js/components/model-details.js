/** What the chosen model is and how fast it runs here; its download and removal. */

import { language, t } from "../i18n.js";
import { query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";

const HOUR_S = 3600;

/** @param {HTMLElement} element @param {Actions} actions */
export function modelDetails(element, actions) {
	/** @type {Model|undefined} */
	let shown;
	const [description, speed, otherModels, received] = queryEach(element, "#model-description", "#model-speed", "#other-models", "#model-received");
	const [error, download, stop, remove] = queryEach(element, ".error", "#download", "#stop-download", "#remove-model");
	const bar = query(element, "progress", HTMLProgressElement);
	download.addEventListener("click", () => shown && actions.downloadModel(shown));
	stop.addEventListener("click", () => shown && actions.stopDownload(shown));
	remove.addEventListener("click", () => shown && confirm(t("model.confirm_remove")) && actions.removeModel(shown));

	/** @param {Model} model */
	function updateDownload({ name, available, download: progress, size_bytes }) {
		const totalBytes = progress?.total_bytes ?? size_bytes ?? 0;
		const receivedBytes = progress?.received_bytes ?? 0;
		for (const control of [bar, stop]) setVisible(control, Boolean(progress));
		if (totalBytes) bar.value = Math.min(1, receivedBytes / totalBytes);
		bar.ariaLabel = t("model.download", { name });
		const sizes = { part: formatBytes(receivedBytes, language()), total: formatBytes(totalBytes, language()) };
		const source = progress?.source === "index" ? ` ${t("model.from_index")}` : "";
		setTextOrHide(received, progress ? `${t("part_of_total", sizes)}${source}` : "");
		setText(/** @type {Element} */ (download.lastElementChild), t("model.download", { name }));
		setVisible(download, !available && !progress);
	}

	return {
		/** @param {Model|undefined} model @param {boolean} isOnlyBundled no other model has been downloaded */
		update(model, isOnlyBundled) {
			shown = model;
			setVisible(element, model !== undefined);
			if (!model) return;
			const { name, available, bundled } = model;
			const size = model.size_bytes === null ? "?" : formatBytes(model.size_bytes, language());
			const place = bundled ? t("model.demo") : t(available ? "model.ready" : "model.missing", { name, size });
			const source = model.origin?.source ? ` ${t("model.origin", { source: model.origin.source })}` : "";
			setText(description, `${place}${source}${model.origin?.is_exact === false ? ` ${t("model.quantised")}` : ""}`);
			const time = formatDuration(HOUR_S * model.real_time_factor, language());
			setText(speed, t(model.speed_is_measured ? "model.speed" : "model.speed_estimate", { time }));
			setVisible(otherModels, bundled && isOnlyBundled);
			setTextOrHide(error, model.error?.message ?? "");
			updateDownload(model);
			setVisible(remove, available && !bundled);
			setText(remove, t("model.remove", { name }));
		},
	};
}
