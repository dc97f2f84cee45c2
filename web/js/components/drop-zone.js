/** Takes files: from the chooser, the microphone, the clipboard, dropped anywhere on the page; or a bundled sample. */

import { language, t } from "../i18n.js";
import { queryEach, query, setText, setVisible, cloneTemplate } from "../lib/dom.js";
import { formatTime, languageName } from "../lib/format.js";
import { navigateHome } from "../router.js";
import { recorderPanel } from "./recorder-panel.js";

/** @type {Component} */
export function dropZone(element, app) {
	const { actions, commands } = app;
	const input = query(element, "input", HTMLInputElement);
	/** @param {Iterable<File>} files */
	const take = (files) => {
		navigateHome();
		actions.submit([...files], app.selectedOptions());
	};
	const recorder = recorderPanel(query(element, "recorder-panel"), take);
	commands["home choose"] = () => input.click();
	commands["home record"] = recorder.start;
	input.addEventListener("change", () => {
		take(input.files ?? []);
		input.value = "";
	});
	listen(query(element, ".drop-overlay"), take);
	return (_state, before) => before ?? recorder.draw();
}

/** @param {HTMLElement} cover @param {(files: Iterable<File>) => void} take */
function listen(cover, take) {
	let depth = 0; // each element that is entered is left again, one after the other
	/** @type {(kind: "dragenter"|"dragleave"|"dragover"|"drop", deed: (event: DragEvent) => void) => void} */
	const on = (kind, deed) => addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && deed(event));
	const setDepth = (/** @type {number} */ next) => {
		depth = Math.max(0, next);
		setVisible(cover, depth > 0);
	};
	on("dragenter", () => setDepth(depth + 1));
	on("dragleave", () => setDepth(depth - 1));
	on("dragover", (event) => event.preventDefault());
	on("drop", (event) => {
		event.preventDefault();
		setDepth(0);
		take(event.dataTransfer?.files ?? []);
	});
	addEventListener("paste", (event) => {
		const files = event.clipboardData?.files;
		if (!files?.length) return;
		event.preventDefault();
		take(files);
	});
}

/** Bundled clips to try at once, with the bundled model. @type {Component} */
export function sampleList(element, { actions }) {
	const list = query(element, "ul");
	/** @param {Sample} sample */
	const row = (sample) => {
		const item = cloneTemplate("sample");
		const [button, title, hint] = queryEach(item, "button", ".sample-title", ".hint");
		button.dataset.sample = sample.id;
		button.title = t("samples.spoken", { text: sample.text });
		button.addEventListener("click", () => actions.trySample(sample));
		setText(title, sample.title);
		setText(hint, `${languageName(sample.language, sample.language, language())} · ${formatTime(sample.duration)}`);
		return item;
	};

	return ({ samples }, before) => {
		if (samples === before?.samples) return;
		setVisible(element, samples.length > 0);
		const own = (/** @type {Sample} */ sample) => Number(sample.language !== language()); // the page's language first
		list.replaceChildren(...samples.toSorted((a, b) => own(a) - own(b)).map(row));
	};
}
