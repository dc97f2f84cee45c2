/**
 * Removing a job: it is hidden at once and deleted when the undo toast closes. Pending removals are stored, so that
 * neither a reload nor an unreachable server brings a removed job back.
 */

import { ApiError, errorText } from "./api.js";
import { TOAST_MS } from "./components/toast.js";
import { t } from "./i18n.js";
import { load, save } from "./lib/storage.js";

/** @param {Pick<App, "store"|"api"|"toast">} app @returns {(id: string) => void} removes a job */
export function createUndoableRemoval({ store, api, toast }) {
	/** The job that this page's toast can bring back. */
	let undoableId = "";

	/** When each removal is due (ms since the epoch), by job id. @returns {Record<string, number>} */
	const loadPending = () => load("removing", {});
	const forget = (/** @type {string} */ id) => {
		const { [id]: _, ...rest } = loadPending();
		save("removing", rest);
	};
	const setHidden = (/** @type {string} */ id, hidden = true) => store.dispatch({ type: "job/removing", job_id: id, data: hidden });

	/** @param {string} id */
	async function finish(id) {
		if (id === undoableId) undoableId = "";
		try {
			await api.remove(id);
		} catch (error) {
			if (error instanceof ApiError && error.code === "unreachable") return; // the next connection tries again
			if (!(error instanceof ApiError && error.code === "job_not_found")) {
				store.dispatch({ type: "job/action-error", job_id: id, data: errorText(error) });
				setHidden(id, false);
			}
		}
		forget(id);
	}

	/** Continues a removal from an earlier page, which another tab may still undo. @param {string} id @param {number} due */
	function resume(id, due) {
		if (id === undoableId) return;
		setHidden(id);
		setTimeout(() => (id in loadPending() ? finish(id) : setHidden(id, false)), due - Date.now());
	}

	/** @param {string} id */
	function undo(id) {
		undoableId = "";
		forget(id);
		setHidden(id, false);
	}

	Object.keys(loadPending()).forEach((id) => setHidden(id));
	addEventListener("pagehide", () => {
		if (!undoableId) return;
		toast.hide();
		void finish(undoableId);
	});
	store.subscribe(({ connection }, before) => {
		if (connection !== "online" || before.connection === "online") return;
		for (const [id, due] of Object.entries(loadPending())) resume(id, due);
	});

	return (id) => {
		const name = store.state.entries[id]?.job.filename ?? "";
		undoableId = id;
		save("removing", { ...loadPending(), [id]: Date.now() + TOAST_MS });
		setHidden(id);
		toast.show(t("job.removed", { name }), "edit.undo", () => undo(id), () => finish(id));
	};
}
