/** Models that other programs keep on this machine: one click imports one. */

import { errorText } from "../api.js";
import { t } from "../i18n.js";
import { h, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { formatBytes } from "../lib/format.js";
import { keyedList } from "../lib/keyed-list.js";

/** @param {HTMLElement} list @param {App} app @returns {(state: Pick<State, "found">) => void} updates the list */
export function foundModels(list, app) {
	const show = keyedList(list, (/** @type {FoundModel} */ { name }) => name, () => item(app));
	return ({ found }) => {
		setVisible(list, found.length > 0);
		show(found);
	};
}

/** @param {App} app */
function item(app) {
	/** @type {FoundModel|undefined} */
	let shown;
	let isImporting = false;
	const button = h("button", { class: "button small", onclick: () => void run() });
	const error = h("p", { class: "error", role: "alert", hidden: true });
	const element = h("li", {}, button, error);

	async function run() {
		if (!shown || isImporting) return;
		isImporting = true;
		setTextOrHide(error, "");
		update(shown);
		try {
			app.chooseModel(await app.actions.importFound(shown));
		} catch (failure) {
			setTextOrHide(error, errorText(failure));
		}
		isImporting = false;
		update(shown);
	}

	/** @param {FoundModel} model */
	function update(model) {
		shown = model;
		const facts = { name: model.name, size: formatBytes(model.size_bytes), place: model.label };
		setText(button, t(isImporting ? "found.importing" : "found.use", facts));
		button.disabled = isImporting;
		button.title = model.path;
	}

	return { element, update };
}
