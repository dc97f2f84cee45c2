/**
 * Removing a job: it is hidden at once and deleted when the undo toast closes. Pending removals are stored, so that
 * neither a reload nor an unreachable server brings a removed job back.
 */

import { ApiError, errorText } from "./api.js";
import { TOAST_MS } from "./components/toast.js";
import { t } from "./i18n.js";
import { load, save } from "./lib/storage.js";

/** @param {Pick<App, "store"|"api"|"toast">} app @returns {(...ids: string[]) => void} removes jobs */
export function createUndoableRemoval({ store, api, toast }) {
	/** The jobs that this page's toast can bring back. @type {string[]} */
	let undoable = [];

	/** When each removal is due (ms since the epoch), by job id. @returns {Record<string, number>} */
	const loadPending = () => load("removing", {});
	const forget = (/** @type {string} */ id) => {
		const { [id]: _, ...rest } = loadPending();
		save("removing", rest);
	};
	const setHidden = (/** @type {string} */ id, hidden = true) => store.dispatch({ type: "job/removing", job_id: id, data: hidden });

	/** @param {string} id */
	async function finish(id) {
		undoable = undoable.filter((other) => other !== id);
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
		if (undoable.includes(id)) return;
		setHidden(id);
		setTimeout(() => (id in loadPending() ? finish(id) : setHidden(id, false)), due - Date.now());
	}

	/** @param {readonly string[]} ids */
	function undo(ids) {
		undoable = [];
		for (const id of ids) {
			forget(id);
			setHidden(id, false);
		}
	}

	Object.keys(loadPending()).forEach((id) => setHidden(id));
	addEventListener("pagehide", () => {
		if (!undoable.length) return;
		toast.hide();
		for (const id of undoable) void finish(id);
	});
	store.onOnline(() => {
		for (const [id, due] of Object.entries(loadPending())) resume(id, due);
	});

	return (...ids) => {
		const name = store.state.entries[ids[0] ?? ""]?.job.filename ?? "";
		const due = Date.now() + TOAST_MS;
		const text = ids.length === 1 ? t("job.removed", { name }) : t("job.removed_several", { count: ids.length });
		// Shown first: the message that it replaces ends its own removals.
		toast.show(text, "edit.undo", () => undo(ids), () => ids.forEach((id) => void finish(id)));
		undoable = ids;
		save("removing", { ...loadPending(), ...Object.fromEntries(ids.map((id) => [id, due])) });
		ids.forEach((id) => setHidden(id));
	};
}
