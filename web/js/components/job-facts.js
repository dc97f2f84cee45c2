/** A line about a job, for its card and the editor. */

import { t } from "../i18n.js";
import { formatDate, formatDuration, formatTime, languageName } from "../lib/format.js";

/** Duration, language, model, date and speed in one line. @param {JobEntry} entry */
export function jobFacts({ job, result }) {
	const codes = job.channel_languages?.map((each) => each.language) ?? [job.language ?? ""];
	const names = [...new Set(codes)].filter(Boolean).map((code) => languageName(code));
	const spoken = job.options?.multilingual ? t("options.per_segment") : names.join(", ");
	const parts = [
		job.audio_duration && formatTime(job.audio_duration),
		spoken,
		job.again_of && t("second.text"),
		job.model,
		formatDate(job.created_at),
		result && t("job.took", { time: formatDuration(result.processing_time) }),
	];
	return parts.filter(Boolean).join(" · ");
}
