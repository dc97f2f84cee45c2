/** What the chosen model is, and its download where it is not here. */

import { language, t } from "../i18n.js";
import { queryEach, query, setTextOrHide, setText, setVisible } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";

const HOUR_S = 3600;

/** @param {HTMLElement} element @param {Actions} actions */
export function modelDetails(element, actions) {
	/** @type {Model|undefined} */
	let shown;
	const [text, speed, more, received] = queryEach(element, "#model-text", "#model-speed", "#model-more", "#model-received");
	const [error, download, stop, remove] = queryEach(element, ".error", "#download", "#stop-download", "#remove-model");
	const bar = query(element, "progress", HTMLProgressElement);
	download.addEventListener("click", () => shown && actions.downloadModel(shown));
	stop.addEventListener("click", () => shown && actions.stopDownload(shown));
	remove.addEventListener("click", () => shown && confirm(t("job.really")) && actions.removeModel(shown));

	return {
		/** @param {Model|undefined} model @param {boolean} only no model but the bundled one is here */
		update(model, only) {
			shown = model;
			setVisible(element, model !== undefined);
			if (!model) return;
			const { name, available, bundled } = model;
			const size = model.size_bytes === null ? "?" : formatBytes(model.size_bytes, language());
			setText(text, bundled ? t("model.demo") : t(available ? "model.ready" : "model.missing", { name, size }));
			const time = formatDuration(HOUR_S * model.real_time_factor, language());
			setText(speed, t(model.speed_is_measured ? "model.speed" : "model.speed_guess", { time }));
			setVisible(more, bundled && only);
			setTextOrHide(error, model.error?.message ?? "");
			const [got, total] = [model.download?.received_bytes ?? 0, model.download?.total_bytes ?? model.size_bytes ?? 0];
			for (const each of [bar, stop]) setVisible(each, Boolean(model.download));
			if (total) bar.value = Math.min(1, got / total);
			bar.ariaLabel = t("model.download", { name });
			const sizes = { at: formatBytes(got, language()), all: formatBytes(total, language()) };
			setTextOrHide(received, model.download ? t("desk.at", sizes) : "");
			setText(/** @type {Element} */ (download.lastElementChild), t("model.download", { name }));
			setVisible(download, !available && !model.download);
			setVisible(remove, available && !bundled);
			setText(remove, t("model.remove", { name }));
		},
	};
}
