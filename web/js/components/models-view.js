/** All models on a page of their own: what each is for, its download, its removal, and importing others. */

import { t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { keyedList } from "../lib/keyed-list.js";
import { sizeOf, speedText } from "../models.js";
import { openList } from "../router.js";
import { foundModels } from "./found-models.js";
import { modelDownload } from "./model-download.js";

/** @type {Component} */
export function modelsView(element, app) {
	const show = keyedList(query(element, ".model-list"), (/** @type {Model} */ { name }) => name, () => modelRow(app));
	const fileInput = query(element, "#import", HTMLInputElement);
	const updateFound = foundModels(query(element, ".found"), app);
	fileInput.addEventListener("change", () => {
		for (const file of fileInput.files ?? []) app.actions.importModel(file, (model) => app.chooseModel(model));
		fileInput.value = "";
		openList(); // which shows the progress
	});

	return ({ models, found }, before) => {
		if (found !== before?.found) updateFound({ found });
		if (models !== before?.models) show(models);
	};
}

/** What it is for. @param {Model} model */
function purposeText({ name, purpose, translates }) {
	if (purpose) return t(purpose === "best" && translates ? "models.best_translating" : `purpose.${purpose}_use`);
	return name.startsWith("large") ? t("models.large") : "";
}

/** @param {App} app */
function modelRow({ actions, chooseModel }) {
	/** @type {Model|undefined} */
	let shown;
	const element = cloneTemplate("model-row");
	const [name, badge, description, facts, buttons] = queryEach(element, ".name", ".status-badge", ".description", ".figures", ".model-actions");
	const [use, remove] = queryEach(element, ".use", ".remove");
	const download = modelDownload(actions);
	buttons.prepend(download.element);
	use.addEventListener("click", () => {
		if (shown) chooseModel(shown);
		openList();
	});
	remove.addEventListener("click", () => shown && confirm(t("model.confirm_remove")) && actions.removeModel(shown));

	return {
		element,

		/** @param {Model} model */
		update(model) {
			shown = model;
			const { purpose, available, bundled, recommended, multilingual, origin } = model;
			setText(name, [purpose && t(`purpose.${purpose}`), model.name].filter(Boolean).join(" · "));
			setTextOrHide(badge, available ? t("model.available") : recommended ? t("choice.recommended") : "");
			badge.dataset.available = String(available);
			const told = [
				bundled ? t("model.demo") : purposeText(model),
				multilingual ? "" : t("models.english"),
				origin?.is_exact === false ? t("model.quantised") : "",
			];
			setTextOrHide(description, told.filter(Boolean).join(" "));
			setText(facts, [sizeOf(model), speedText(model)].filter(Boolean).join(" · ") + (origin?.source ? ` ${t("model.origin")}` : ""));
			download.update(model);
			setVisible(use, available);
			use.ariaLabel = `${t("models.use")}: ${model.name}`;
			setVisible(remove, available && !bundled);
			remove.ariaLabel = t("model.remove", { name: model.name });
		},
	};
}
