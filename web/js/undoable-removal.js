/**
 * Removing a job: out of sight at once, gone when it can't be undone any more. What is under way is remembered, so that
 * neither a reload nor a server that is away brings a removed job back.
 */

import { ApiError, errorText } from "./api.js";
import { PATIENCE_MS } from "./components/status.js";
import { t } from "./i18n.js";
import { load, save } from "./lib/storage.js";

/** @param {Pick<App, "store"|"api"|"toast">} page @returns {(id: string) => void} removes a job */
export function createUndoableRemoval({ store, api, toast }) {
	/** The one that can still be undone here. */
	let undoable = "";

	/** When each is due, by id. @returns {Record<string, number>} */
	const remembered = () => load("removing", {});
	const forget = (/** @type {string} */ id) => {
		const { [id]: _, ...rest } = remembered();
		save("removing", rest);
	};
	const hide = (/** @type {string} */ id, hidden = true) => store.dispatch({ type: "job/removing", job_id: id, data: hidden });

	/** @param {string} id */
	async function finish(id) {
		if (id === undoable) undoable = "";
		try {
			await api.remove(id);
		} catch (error) {
			if (error instanceof ApiError && error.code === "unreachable") return; // tried again when the server is back
			if (!(error instanceof ApiError && error.code === "job_not_found")) {
				store.dispatch({ type: "job/action-error", job_id: id, data: errorText(error) });
				hide(id, false);
			}
		}
		forget(id);
	}

	/** What an earlier page began. Another one may still undo it. @param {string} id @param {number} due */
	function takeUp(id, due) {
		if (id === undoable) return;
		hide(id);
		setTimeout(() => (id in remembered() ? finish(id) : hide(id, false)), due - Date.now());
	}

	/** @param {string} id */
	function undo(id) {
		undoable = "";
		forget(id);
		hide(id, false);
	}

	Object.keys(remembered()).forEach((id) => hide(id));
	addEventListener("pagehide", () => {
		if (!undoable) return;
		toast.hide();
		void finish(undoable);
	});
	store.subscribe(({ connection }, before) => {
		if (connection !== "online" || before.connection === "online") return;
		for (const [id, due] of Object.entries(remembered())) takeUp(id, due);
	});

	return (id) => {
		const name = store.state.entries[id]?.job.filename ?? "";
		undoable = id;
		save("removing", { ...remembered(), [id]: Date.now() + PATIENCE_MS });
		hide(id);
		toast.show(t("job.removed", { name }), "edit.undo", () => undo(id), () => finish(id));
	};
}
