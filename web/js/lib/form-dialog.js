/** A dialog with a form, which shows what went wrong. */

import { errorText } from "../api.js";
import { query, setTextOrHide } from "./dom.js";

/** @param {ParentNode} parent @param {string} selector @param {() => Promise<unknown>} [onSubmit] */
export function formDialog(parent, selector, onSubmit) {
	const dialog = query(parent, selector, HTMLDialogElement);
	const form = query(dialog, "form", HTMLFormElement);
	const error = query(dialog, ".error");
	if (onSubmit) {
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			void attempt(onSubmit);
		});
	}

	/** @param {() => Promise<unknown>} run */
	async function attempt(run) {
		setTextOrHide(error, "");
		dialog.ariaBusy = "true";
		try {
			await run();
		} catch (problem) {
			setTextOrHide(error, errorText(problem));
		}
		dialog.ariaBusy = "false";
	}

	return {
		dialog,
		form,
		attempt,

		/** Without what went wrong before. */
		open() {
			setTextOrHide(error, "");
			if (!dialog.open) dialog.showModal();
		},

		/** @param {string} button @param {() => Promise<unknown>} run when that is clicked */
		on: (button, run) => query(dialog, button).addEventListener("click", () => attempt(run)),
	};
}
