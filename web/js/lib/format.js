/** Numbers, sizes, durations and dates as text, in the page's language unless another is given. */

import { language } from "../i18n.js";

/** Intl's formatters are slow to create, and a list of jobs needs thousands. @type {Map<string, any>} */
const formatters = new Map();

/** @template T @param {string} key @param {() => T} create @returns {T} */
function cached(key, create) {
	if (!formatters.has(key)) formatters.set(key, create());
	return formatters.get(key);
}

/** @param {number} value @param {Intl.NumberFormatOptions} [options] @param {string} [locale] */
export function formatNumber(value, options = {}, locale = language()) {
	return cached(locale + Object.values(options), () => new Intl.NumberFormat(locale, options)).format(value);
}

/** A position in the audio: 0:05, 12:30, 1:02:03; with decimals 0:05.2. @param {number} seconds @param {number} [decimals] */
export function formatTime(seconds, decimals = 0) {
	const unit = 10 ** decimals;
	const total = Math.max(0, Math.floor(seconds * unit + 1e-6));
	const whole = Math.floor(total / unit);
	const hours = Math.floor(whole / 3600);
	const minutes = Math.floor(whole / 60) % 60;
	const fraction = decimals ? `.${String(total % unit).padStart(decimals, "0")}` : "";
	const rest = String(whole % 60).padStart(2, "0") + fraction;
	return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** From such a text, or plain seconds; a comma is a decimal point. @param {string} text @returns {number} NaN: not a time */
export function parseTime(text) {
	const parts = text.trim().replace(",", ".").split(":");
	if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d*)?$/.test(part))) return NaN;
	return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** Rounded to one unit: 4 sec, 12 min, 3 hr. @param {number} seconds @param {string} [locale] */
export function formatDuration(seconds, locale) {
	const [value, unit] =
		seconds < 90 ? [Math.max(1, Math.round(seconds)), "second"]
		: seconds < 5400 ? [Math.round(seconds / 60), "minute"]
		: [Math.round(seconds / 360) / 10, "hour"];
	return formatNumber(Number(value), { style: "unit", unit: String(unit), unitDisplay: "short" }, locale);
}

/** In decimal units: 3.6 MB. @param {number} count @param {string} [locale] */
export function formatBytes(count, locale) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
	const step = [999.5, 999.5e3, 999.5e6].filter((limit) => count >= limit).length;
	const value = count / 1000 ** step;
	const maximumFractionDigits = step > 0 && value < 9.95 ? 1 : 0;
	const unit = units[step];
	return formatNumber(value, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits }, locale);
}

/** Rounded down, so that 100% means complete. @param {number} value 0 to 100 @param {string} [locale] */
export function formatPercent(value, locale) {
	return formatNumber(Math.floor(value) / 100, { style: "percent" }, locale);
}

/** Today's dates as a time only: 10:30. @param {string} iso */
export function formatDate(iso) {
	const date = new Date(iso);
	const isToday = date.toDateString() === new Date().toDateString();
	/** @type {Intl.DateTimeFormatOptions} */
	const options = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
	return cached(language() + Object.keys(options), () => new Intl.DateTimeFormat(language(), options)).format(date);
}

/** Without its extension. @param {string} filename */
export function stemOf(filename) {
	return filename.replace(/(?<=.)\.[^.\s]{1,10}$/, "");
}

/** @param {string} code @param {string} [name] the server's English name */
export function languageName(code, name = code) {
	let text = name;
	try {
		const names = cached(`names ${language()}`, () => new Intl.DisplayNames(language(), { type: "language", fallback: "none" }));
		text = names.of(code) ?? name;
	} catch {} // not a valid language code
	return text.charAt(0).toLocaleUpperCase(language()) + text.slice(1);
}
