/** The first view where there is no model yet: one for each purpose, one of them recommended. */

import { t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setVisible } from "../lib/dom.js";
import { keyedList } from "../lib/keyed-list.js";
import { hourOf, lacksModel, modelsByPurpose, sizeOf } from "../models.js";
import { foundModels } from "./found-models.js";
import { modelDownload } from "./model-download.js";

/** @type {Component} */
export function modelChoice(element, app) {
	const show = keyedList(query(element, ".choices"), ({ name }) => name, (/** @type {Model} */ model) => choice(model, app.actions));
	const updateFound = foundModels(query(element, ".found"), app);
	return (state, before) => {
		if (state.found !== before?.found) updateFound(state);
		if (state.models === before?.models) return;
		const isNeeded = lacksModel(state);
		if (element.contains(document.activeElement) && !isNeeded) query(document, "#files").focus();
		setVisible(element, isNeeded);
		if (isNeeded) show(modelsByPurpose(state.models));
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
			element.dataset.recommended = String(model.recommended);
			setText(purpose, t(`purpose.${model.purpose ?? "quick"}`));
			setText(use, t(`purpose.${model.purpose ?? "quick"}_use`));
			setVisible(badge, model.recommended);
			setText(badge, t("choice.recommended"));
			setText(facts, [model.name, sizeOf(model)].filter(Boolean).join(" · "));
			setText(speed, t("choice.time", { time: hourOf(model) }));
			download.update(model);
		},
	};
}
