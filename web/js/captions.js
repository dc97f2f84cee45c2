/**
 * Captions for a second screen or a video program: the last two lines of the recording that is being made. In the
 * address: `job`, by default the newest recording; `theme` (light, dark, transparent); `size` of the type, in CSS.
 */

import { api } from "./api.js";
import { language, localize } from "./i18n.js";
import { query, queryEach, setText, setVisible } from "./lib/dom.js";
import { followRecording } from "./live-text.js";

const LOOK_MS = 2000;
const SHOWN_LINES = 3; // of which the last two screen lines are visible
const KEEP_MS = 8000; // after the last word

const parameters = new URLSearchParams(location.search);
const [stable, tentative, waiting] = queryEach(document, ".stable", ".tentative", "#waiting");
const root = document.documentElement;
const theme = parameters.get("theme");
if (theme) root.dataset.theme = theme;
const size = parameters.get("size");
if (size) root.style.setProperty("--caption-size", size);
query(document, "#full-screen").addEventListener("click", () => root.requestFullscreen());
localize(root);
void follow(parameters.get("job"));

/** @param {string|null} wanted id of the recording */
async function follow(wanted) {
	const id = wanted ?? (await newestRecording());
	setVisible(waiting, !id);
	if (!id) {
		setTimeout(follow, LOOK_MS, null);
		return;
	}
	/** @type {Timer} */
	let clearing;
	const { stop } = followRecording(id, language, (text) => {
		clearTimeout(clearing);
		if (text.phase === "waiting" || text.phase === "draft") {
			setText(stable, [...text.lines.slice(-SHOWN_LINES), text.stable].join(" "));
			setText(tentative, text.tentative);
			clearing = setTimeout(clear, KEEP_MS);
		} else {
			stop();
			clear();
			setTimeout(follow, LOOK_MS, null);
		}
	});
}

function clear() {
	setText(stable, "");
	setText(tentative, "");
}

async function newestRecording() {
	const page = await api.jobs(1, null, { q: "", status: "pending", tag: "" }).catch(() => null);
	return page?.jobs[0]?.job_id;
}
