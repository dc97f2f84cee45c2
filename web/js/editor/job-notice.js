/** What the desk says about a job that isn't completed: its progress, or where it ended and why. */

import { progressText } from "../components/job-progress.js";
import { t } from "../i18n.js";
import { hasEnded } from "../job-reducer.js";
import { query, queryEach, setText, setVisible } from "../lib/dom.js";
import { formatTime } from "../lib/format.js";

/** @param {HTMLElement} element */
export function jobNotice(element) {
	const [text, proceed, startOver, cancel] = queryEach(
		element, "p", "[data-command='editor:continue']", "[data-command='editor:start-over']", "[data-command='editor:cancel']",
	);
	const bar = query(element, "progress", HTMLProgressElement);

	/** @param {Job} job */
	return (job) => {
		const isEnded = hasEnded(job.status);
		setVisible(element, job.status !== "completed");
		for (const button of [proceed, startOver]) setVisible(button, isEnded);
		for (const part of [cancel, bar]) setVisible(part, !isEnded);
		element.dataset.status = job.status;
		bar.value = job.progress;
		bar.ariaLabel = t("job.progress", { name: job.filename });
		setText(text, isEnded ? endText(job) : `${t(`status.${job.status}`)} · ${progressText(job)}`);
	};
}

/** @param {Job} job */
function endText({ status, progress, audio_duration, error }) {
	const total = audio_duration ?? 0;
	const params = { status: t(`status.${status}`), part: formatTime((total * progress) / 100), total: formatTime(total) };
	return [t("job.ended_at", params), status === "failed" ? error?.message : ""].filter(Boolean).join(" ");
}
