/** Shows what went wrong in a dialog. */

import { errorText } from "../api.js";
import { query, setTextOrHide } from "./dom.js";

/** @param {HTMLDialogElement} dialog with an element of the class "error" @returns {(run: () => Promise<unknown>) => Promise<unknown>} */
export function errorsIn(dialog) {
	const error = query(dialog, ".error");
	return async (run) => {
		setTextOrHide(error, "");
		dialog.ariaBusy = "true";
		try {
			return await run();
		} catch (problem) {
			setTextOrHide(error, errorText(problem));
		} finally {
			dialog.ariaBusy = "false";
		}
	};
}
