/** How far a job is, for its card and the desk. */

import { t } from "../i18n.js";
import { formatDuration, formatPercent } from "../lib/format.js";

/** @param {Job} job one that has not ended */
export function progressText(job) {
	const remaining = job.estimated_time_remaining;
	const time = remaining ? formatDuration(remaining) : "";
	const parts =
		job.status === "processing"
			? [job.progress > 0 ? formatPercent(job.progress) : job.message, time && t("job.remaining", { time })]
			: [
					job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
					time && t("job.ready_in", { time }),
				];
	return parts.filter(Boolean).join(" · ");
}
