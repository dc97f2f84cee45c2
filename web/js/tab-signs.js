/** What a tab tells while nobody looks: title, icon, and a notification when a long job has ended. */

import { language, t } from "./i18n.js";
import { percent } from "./lib/format.js";
import { hasEnded } from "./reducer-jobs.js";

const LONG_S = 30;
const NAME = "localwhisper";

/** @param {Page} page */
export function signTab({ store, toast }) {
	const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
	const plain = icon.href;
	let shown = -1;
	/** Ids of jobs that take long enough to be told of. @type {Set<string>} */
	const long = new Set();

	/** @param {State} state */
	function sign({ entries }) {
		const running = Object.values(entries).filter(({ job }) => job.status === "processing");
		const share = running.length ? Math.floor(running.reduce((sum, { job }) => sum + job.progress, 0) / running.length) : -1;
		if (share === shown) return;
		shown = share;
		const name = running.length === 1 ? running[0]?.job.filename : NAME;
		document.title = share < 0 ? NAME : `${percent(share, language())} · ${name}`;
		icon.href = share < 0 ? plain : ring(share / 100);
	}

	/** @param {State} state @param {State} before */
	function notify(state, before) {
		for (const [id, { job }] of Object.entries(state.entries)) {
			if (!hasEnded(job.status) && (job.estimated_time_remaining ?? 0) > LONG_S && !long.has(id)) {
				long.add(id);
				offer();
			} else if (hasEnded(job.status) && long.delete(id) && before.entries[id]) {
				if (job.status !== "cancelled" && document.hidden) tell(t(`said.${job.status}`, { name: job.filename }));
			}
		}
	}

	/** Asks for leave when there is first a reason to. */
	function offer() {
		if (!("Notification" in globalThis) || Notification.permission !== "default") return;
		toast.show(t("notify.offer"), "notify.yes", () => void Notification.requestPermission());
	}

	store.subscribe((state, before) => {
		if (state.entries === before.entries) return;
		sign(state);
		notify(state, before);
	});
}

/** @param {string} text */
function tell(text) {
	try {
		if (Notification.permission === "granted") new Notification(NAME, { body: text, icon: "icon-192.png" });
	} catch {
		// phones have them in the service worker only
	}
}

/** A ring that closes. @param {number} share 0 to 1 */
function ring(share) {
	const canvas = document.createElement("canvas");
	canvas.width = canvas.height = 32;
	const pen = canvas.getContext("2d");
	if (!pen) return "";
	for (const [colour, end] of /** @type {[string, number][]} */ ([["#8fa39e", 1], ["#12907b", share]])) {
		pen.beginPath();
		pen.strokeStyle = colour;
		pen.lineWidth = 6;
		pen.arc(16, 16, 12, -Math.PI / 2, (2 * end - 0.5) * Math.PI);
		pen.stroke();
	}
	return canvas.toDataURL();
}
