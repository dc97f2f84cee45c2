/** What the chosen model is and how fast it runs here; its download. */

import { t } from "../i18n.js";
import { queryEach, setText, setVisible } from "../lib/dom.js";
import { sizeOf, speedText } from "../models.js";
import { modelDownload } from "./model-download.js";

/** @param {HTMLElement} element @param {Actions} actions */
export function modelDetails(element, actions) {
	const [description, speed, otherModels] = queryEach(element, "#model-description", "#model-speed", "#other-models");
	const download = modelDownload(actions);
	element.append(download.element);

	return {
		/** @param {Model|undefined} model @param {boolean} isOnlyBundled no other model has been downloaded */
		update(model, isOnlyBundled) {
			setVisible(element, model !== undefined);
			element.dataset.available = String(model?.available ?? false);
			element.dataset.recommended = String(model?.recommended ?? false);
			if (!model) return;
			const { name, available, bundled } = model;
			const size = sizeOf(model) || "?";
			const place = bundled ? t("model.demo") : t(available ? "model.ready" : "model.missing", { name, size });
			const source = model.origin?.source ? ` ${t("model.origin")}` : "";
			setText(description, `${place}${source}${model.origin?.is_exact === false ? ` ${t("model.quantised")}` : ""}`);
			setText(speed, speedText(model));
			setVisible(otherModels, bundled && isOnlyBundled);
			download.update(model);
		},
	};
}
