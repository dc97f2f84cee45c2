/** Figures → text in a language. */

/** Intl's formatters take long to make, and a list of jobs asks for thousands. @type {Map<string, any>} */
const formatters = new Map();

/** @template T @param {string} name @param {() => T} make @returns {T} */
function kept(name, make) {
	if (!formatters.has(name)) formatters.set(name, make());
	return formatters.get(name);
}

/** @param {string} language @param {Intl.NumberFormatOptions} options @param {number} value */
function number(language, options, value) {
	return kept(language + Object.values(options), () => new Intl.NumberFormat(language, options)).format(value);
}

/** A position in the audio: 0:05, 12:30, 1:02:03. @param {number} seconds */
export function formatTime(seconds) {
	const whole = Math.max(0, Math.floor(seconds));
	const hours = Math.floor(whole / 3600);
	const minutes = Math.floor(whole / 60) % 60;
	const rest = String(whole % 60).padStart(2, "0");
	return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long something takes: 4 sec, 12 min, 3 hr. @param {number} seconds @param {string} language */
export function formatDuration(seconds, language) {
	const [value, unit] =
		seconds < 90 ? [Math.max(1, Math.round(seconds)), "second"]
		: seconds < 5400 ? [Math.round(seconds / 60), "minute"]
		: [Math.round(seconds / 360) / 10, "hour"];
	return number(language, { style: "unit", unit: String(unit), unitDisplay: "short" }, Number(value));
}

/** 3.6 MB, in decimal units. @param {number} count @param {string} language */
export function formatBytes(count, language) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
	const step = [999.5, 999.5e3, 999.5e6].filter((limit) => count >= limit).length;
	const value = count / 1000 ** step;
	const maximumFractionDigits = step > 0 && value < 9.95 ? 1 : 0;
	const unit = units[step];
	return number(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits }, value);
}

/** @param {number} value 0 to 100 @param {string} language */
export function formatPercent(value, language) {
	return number(language, { style: "percent" }, Math.floor(value) / 100);
}

/** 10:30 today, otherwise with the day. @param {string} iso @param {string} language @param {Date} now */
export function formatDate(iso, language, now) {
	const when = new Date(iso);
	const today = when.toDateString() === now.toDateString();
	/** @type {Intl.DateTimeFormatOptions} */
	const options = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
	return kept(language + Object.keys(options), () => new Intl.DateTimeFormat(language, options)).format(when);
}

/** @param {string} code @param {string} name the server's English name @param {string} language */
export function languageName(code, name, language) {
	let text = name;
	try {
		const names = kept(language, () => new Intl.DisplayNames(language, { type: "language", fallback: "none" }));
		text = names.of(code) ?? name;
	} catch {} // a code that is none
	return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}
