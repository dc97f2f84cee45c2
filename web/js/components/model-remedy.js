/** What to do about a job whose model isn't here: one click retries it with another one, which is downloaded if need be. */

import { t } from "../i18n.js";
import { button, setText, setVisible } from "../lib/dom.js";
import { bestHere } from "../models.js";

const CODES = ["no_model", "model_download_failed"];

/** @param {string} id of the job @param {App} app */
export function modelRemedy(id, { actions, store }) {
	const model = () => bestHere(store.state.models) ?? store.state.models.find(({ recommended }) => recommended);
	const element = button("small primary model-remedy", "job.retry", () => actions.retry(id, { model: model()?.name }));
	return {
		element,

		/** @param {Job} job */
		update({ status, error }) {
			const isNeeded = status === "failed" && CODES.includes(error?.code ?? "");
			const { name = "", available = false } = (isNeeded && model()) || {};
			setVisible(element, name !== "");
			setText(/** @type {Element} */ (element.lastElementChild), t(available ? "job.retry_with" : "job.download_model", { name }));
		},
	};
}
