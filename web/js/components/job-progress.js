/** How far a job is, for its card and the desk. */

import { t } from "../i18n.js";
import { formatDuration, formatPercent } from "../lib/format.js";

/** @param {Job} job one that has not ended */
export function progressText(job) {
	const { progress, queue_position: position, estimated_time_remaining: remaining } = job;
	const runs = job.status === "processing";
	const parts = [
		(runs ? progress > 0 && formatPercent(progress) : position && t("job.position", { position })) || job.message,
		remaining && t(runs ? "job.remaining" : "job.ready_in", { time: formatDuration(remaining) }),
		runs && job.workers?.length && t("job.workers", { names: job.workers.join(", ") }),
	];
	return parts.filter(Boolean).join(" · ");
}
