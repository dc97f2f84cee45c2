/** What a tab tells while nobody looks: title, icon, and a notification when a long job has ended. */

import { language, t } from "./i18n.js";
import { query } from "./lib/dom.js";
import { formatPercent } from "./lib/format.js";
import { hasEnded } from "./job-reducer.js";

const LONG_S = 30;
const NAME = "localwhisper";

/** @param {App} app */
export function startTabStatus({ store, toast }) {
	const icon = query(document, "link[rel=icon]", HTMLLinkElement);
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
		document.title = share < 0 ? NAME : `${formatPercent(share, language())} · ${name}`;
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
	const circle = '<circle cx="16" cy="16" r="12" transform="rotate(-90 16 16)" pathLength="1"';
	const both = `${circle} stroke="#8fa39e"/>${circle} stroke="#12907b" stroke-dasharray="${share} 1"/>`;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="6">${both}</svg>`;
	return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
