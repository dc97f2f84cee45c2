/** Which model there is for what, and what is said of it. */

import { t } from "./i18n.js";
import { formatBytes, formatDuration } from "./lib/format.js";

const HOUR_S = 3600;

/** @param {Model} model @returns {string} "" if it isn't known */
export function sizeOf({ size_bytes }) {
	return size_bytes === null ? "" : formatBytes(size_bytes);
}

/** How long an hour of audio takes. @param {Model} model */
export function hourOf({ real_time_factor }) {
	return formatDuration(HOUR_S * real_time_factor);
}

/** @param {Model} model */
export function speedText(model) {
	return t(model.speed_is_measured ? "model.speed" : "model.speed_estimate", { time: hourOf(model) });
}

/** Not counting the bundled one. @param {readonly Model[]} models @returns {Model|undefined} */
export function bestHere(models) {
	const here = models.filter(({ available, bundled }) => available && !bundled);
	return here.reduce((best, model) => (best && best.rank >= model.rank ? best : model), here[0]);
}

/** The model of the next files: the one that was chosen, the default or the best here, or the one to be downloaded. @param {State} state @param {unknown} chosenName @returns {Model|undefined} */
export function preselected({ models, defaultModel }, chosenName) {
	return (
		models.find(({ name }) => name === chosenName) ??
		models.find(({ name, available }) => name === defaultModel && available) ??
		bestHere(models) ??
		models.find(({ download }) => download) ??
		models.find(({ recommended }) => recommended) ??
		models[0]
	);
}

/** Whether there is none but the bundled one, which isn't the default either. @param {State} state */
export function lacksModel({ models, defaultModel }) {
	return models.length > 0 && !models.some(({ name, available, bundled }) => available && (!bundled || name === defaultModel));
}

/** One model for each purpose, the quickest first. @param {readonly Model[]} models */
export function modelsByPurpose(models) {
	/** @type {Map<string, Model>} */
	const byPurpose = new Map();
	for (const model of models) if (model.purpose && !byPurpose.has(model.purpose)) byPurpose.set(model.purpose, model);
	return [...byPurpose.values()];
}
