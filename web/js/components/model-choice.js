/** The first view where there is no model yet: one for each purpose, one of them recommended. */

import { language, t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setVisible } from "../lib/dom.js";
import { formatBytes, formatDuration } from "../lib/format.js";
import { lacksModel, modelsByPurpose } from "../models.js";
import { foundModels } from "./found-models.js";
import { modelDownload } from "./model-download.js";

const HOUR_S = 3600;

/** @type {Component} */
export function modelChoice(element, app) {
	/** By the model's name. @type {Map<string, ReturnType<typeof choice>>} */
	const choices = new Map();
	const list = query(element, ".choices");
	list.replaceChildren();
	const updateFound = foundModels(query(element, ".found"), app);
	return (state, before) => {
		if (state.found !== before?.found) updateFound(state);
		if (state.models === before?.models) return;
		const isNeeded = lacksModel(state);
		if (element.contains(document.activeElement) && !isNeeded) query(document, "#files").focus();
		setVisible(element, isNeeded);
		if (!isNeeded) return;
		for (const model of modelsByPurpose(state.models)) {
			let item = choices.get(model.name);
			if (!item) {
				item = choice(model, app.actions);
				choices.set(model.name, item);
				list.append(item.element);
			}
			item.update(model);
		}
	};
}

/** @param {Model} model @param {Actions} actions */
function choice({ recommended }, actions) {
	const element = cloneTemplate("model-choice");
	const [purpose, badge, use, facts, speed] = queryEach(element, ".purpose", ".badge", ".use", ".facts", ".speed");
	const download = modelDownload(actions, { isPrimary: recommended, offersSources: false });
	element.append(download.element);

	return {
		element,

		/** @param {Model} model */
		update(model) {
			const size = model.size_bytes === null ? "" : formatBytes(model.size_bytes, language());
			const time = formatDuration(HOUR_S * model.real_time_factor, language());
			element.dataset.recommended = String(model.recommended);
			setText(purpose, t(`purpose.${model.purpose ?? "quick"}`));
			setText(use, t(`purpose.${model.purpose ?? "quick"}_use`));
			setVisible(badge, model.recommended);
			setText(badge, t("choice.recommended"));
			setText(facts, [model.name, size].filter(Boolean).join(" · "));
			setText(speed, t("choice.time", { time }));
			download.update(model);
		},
	};
}
