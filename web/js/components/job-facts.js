/** What a job's card says in figures: one line of facts, one of progress. Pure. */

import { language, t } from "../i18n.js";
import { clock, languageName, moment, percent, span } from "../lib/format.js";

/** How long, which language, which model, when. @param {Entry} entry */
export function factsOf({ job, result }) {
	const spoken = job.language && job.language !== "auto" ? languageName(job.language, job.language, language()) : "";
	const parts = [
		job.audio_duration ? clock(job.audio_duration) : "",
		spoken,
		job.model,
		moment(job.created_at, language(), new Date()),
		result ? t("job.took", { time: span(result.processing_time, language()) }) : "",
	];
	return parts.filter(Boolean).join(" · ");
}

/** How far a job is that has not ended. @param {Job} job */
export function doingOf(job) {
	const left = job.estimated_time_remaining;
	const time = left ? span(left, language()) : "";
	const parts =
		job.status === "processing"
			? [percent(job.progress, language()), job.message, time && t("job.left", { time })]
			: [
					job.queue_position ? t("job.position", { position: job.queue_position }) : job.message,
					time && t("job.starts", { time }),
				];
	return parts.filter(Boolean).join(" · ");
}
