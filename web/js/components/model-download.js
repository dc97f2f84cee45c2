/** The download of a model: where from, its progress, what went wrong. */

import { t } from "../i18n.js";
import { cloneTemplate, h, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatBytes } from "../lib/format.js";

/** @param {Actions} actions @param {{isPrimary?: boolean, offersSources?: boolean}} [look] offersSources: also before a download has failed */
export function modelDownload(actions, { isPrimary = false, offersSources = true } = {}) {
	/** @type {Model|undefined} */
	let shown;
	const element = cloneTemplate("model-download");
	const [error, received, sources, download, stop] = queryEach(element, ".error", ".received", ".sources", ".download", ".stop");
	const bar = query(element, "progress", HTMLProgressElement);
	const select = query(sources, "select", HTMLSelectElement);
	if (isPrimary) download.classList.add("primary");
	download.addEventListener("click", () => shown && actions.downloadModel(shown, select.value));
	stop.addEventListener("click", () => shown && actions.stopDownload(shown));

	/** @param {Model} model */
	function updateSources({ name, sources }) {
		if (select.dataset.model !== name) select.replaceChildren(h("option", { value: "" }), ...sources.map((source) => h("option", { value: source.name })));
		select.dataset.model = name;
		const labels = [t("model.source_any"), ...sources.map(({ name, label }) => (name === "index" ? t("model.source_index") : label))];
		[...select.children].forEach((option, index) => setText(option, labels[index] ?? ""));
	}

	return {
		element,

		/** @param {Model} model */
		update(model) {
			const { name, available, download: progress, size_bytes, sources: offers } = model;
			shown = model;
			const totalBytes = progress?.total_bytes ?? size_bytes ?? 0;
			const receivedBytes = progress?.received_bytes ?? 0;
			const canStart = !available && !progress && offers.length > 0;
			const hadFocus = [download, stop].includes(/** @type {HTMLElement} */ (document.activeElement));
			for (const control of [bar, stop]) setVisible(control, Boolean(progress));
			if (totalBytes) bar.value = Math.min(1, receivedBytes / totalBytes);
			bar.ariaLabel = t("model.download", { name });
			const sizes = { part: formatBytes(receivedBytes), total: formatBytes(totalBytes) };
			const source = progress?.source === "index" ? ` ${t("model.from_index")}` : "";
			setTextOrHide(received, progress ? `${t("page.part_of_total", sizes)}${source}` : "");
			setTextOrHide(error, model.error?.message ?? "");
			setText(/** @type {Element} */ (download.lastElementChild), t("model.download", { name }));
			setVisible(download, canStart);
			if (hadFocus) (canStart ? download : stop).focus(); // the other one is hidden now
			updateSources(model);
			setVisible(sources, canStart && offers.length > 1 && (offersSources || Boolean(model.error)));
		},
	};
}
