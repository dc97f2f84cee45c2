/** How long a recording is, where the browser can tell. */

const PATIENCE_MS = 3000;

/** @param {File} file @returns {Promise<number|null>} seconds */
export function durationOf(file) {
	const audio = document.createElement("audio");
	const address = URL.createObjectURL(file);
	return new Promise((resolve) => {
		const done = () => {
			URL.revokeObjectURL(address);
			resolve(Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : null);
		};
		audio.onloadedmetadata = audio.onerror = done;
		setTimeout(done, PATIENCE_MS);
		audio.preload = "metadata";
		audio.src = address;
	});
}
