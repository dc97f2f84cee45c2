/** Takes files: from the chooser, the microphone, the clipboard, or dropped anywhere on the page. */

import { one, show } from "../lib/dom.js";
import { goHome } from "../places.js";
import { recorderPanel } from "./recorder-panel.js";

/** @type {Part} */
export function dropZone(element, page) {
	const { actions, deeds } = page;
	const input = one(element, "input", HTMLInputElement);
	/** @param {Iterable<File>} files */
	const take = (files) => {
		goHome();
		actions.submit([...files], page.options());
	};
	const recorder = recorderPanel(one(element, "recorder-panel"), take);
	deeds["home choose"] = () => input.click();
	deeds["home record"] = recorder.start;
	input.addEventListener("change", () => {
		take(input.files ?? []);
		input.value = "";
	});
	listen(one(element, ".drop-cover"), take);
	return (_state, before) => before ?? recorder.draw();
}

/** @param {HTMLElement} cover @param {(files: Iterable<File>) => void} take */
function listen(cover, take) {
	let depth = 0; // each element that is entered is left again, one after the other
	/** @type {(kind: "dragenter"|"dragleave"|"dragover"|"drop", deed: (event: DragEvent) => void) => void} */
	const on = (kind, deed) => addEventListener(kind, (event) => event.dataTransfer?.types.includes("Files") && deed(event));
	const setDepth = (/** @type {number} */ next) => {
		depth = Math.max(0, next);
		show(cover, depth > 0);
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
