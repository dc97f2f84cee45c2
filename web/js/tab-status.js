/** Progress in the tab's title and icon, and a notification when a long job ends while the tab is hidden. */

import { t } from "./i18n.js";
import { hasEnded } from "./job-reducer.js";
import { query } from "./lib/dom.js";
import { formatPercent } from "./lib/format.js";
import { openJob } from "./router.js";

const LONG_JOB_S = 30;
const APP_NAME = "localwhisper";

/** @param {App} app */
export function showTabStatus({ store, toast }) {
	const icon = query(document, "link[rel=icon]", HTMLLinkElement);
	const defaultIcon = icon.href;
	let shownPercent = -1;
	document.addEventListener("viewchange", () => updateTab(store.state));
	/** Ids of running jobs that take long enough for a notification. @type {Set<string>} */
	const longJobs = new Set();

	/** @param {State} state */
	function updateTab({ entries }) {
		const running = Object.values(entries).filter(({ job }) => job.status === "processing");
		const percent = running.length ? Math.floor(running.reduce((sum, { job }) => sum + job.progress, 0) / running.length) : -1;
		const openName = entries[openJob()]?.job.filename;
		const name = openName ?? (running.length === 1 ? running[0]?.job.filename : undefined) ?? APP_NAME;
		const title = percent < 0 ? name : `${formatPercent(percent)} · ${name}`;
		if (document.title !== title) document.title = title;
		if (percent === shownPercent) return;
		shownPercent = percent;
		icon.href = percent < 0 ? defaultIcon : progressRing(percent / 100);
	}

	/** @param {State} state @param {State} before */
	function notifyOfEnded({ entries }, before) {
		for (const [id, { job }] of Object.entries(entries)) {
			if (!hasEnded(job.status) && (job.estimated_time_remaining ?? 0) > LONG_JOB_S && !longJobs.has(id)) {
				longJobs.add(id);
				offerNotifications();
			} else if (hasEnded(job.status) && longJobs.delete(id) && before.entries[id]) {
				if (job.status !== "cancelled" && document.hidden) notify(t(`announce.${job.status}`, { name: job.filename }));
			}
		}
	}

	/** Asks before the browser's own prompt, which can be refused for good. */
	function offerNotifications() {
		if (!("Notification" in globalThis) || Notification.permission !== "default") return;
		toast.show(t("notify.offer"), "notify.accept", () => void Notification.requestPermission());
	}

	store.subscribe((state, before) => {
		if (state.entries === before.entries) return;
		updateTab(state);
		notifyOfEnded(state, before);
	});
}

/** @param {string} text */
function notify(text) {
	try {
		if (Notification.permission === "granted") new Notification(APP_NAME, { body: text, icon: "icon-192.png" });
	} catch {
		// on phones, only a service worker can show notifications
	}
}

/** An icon as a data URL. @param {number} fraction 0 to 1 */
function progressRing(fraction) {
	const circle = '<circle cx="16" cy="16" r="12" transform="rotate(-90 16 16)" pathLength="1"';
	const circles = `${circle} stroke="#8fa39e"/>${circle} stroke="#12907b" stroke-dasharray="${fraction} 1"/>`;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="6">${circles}</svg>`;
	return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
