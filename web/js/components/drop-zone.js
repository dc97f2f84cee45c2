/** Takes files from the file chooser, the clipboard, or dropped anywhere on the page. */

import { query, setVisible } from "../lib/dom.js";
import { droppedFiles, isModelFile } from "../lib/dropped-files.js";
import { openList } from "../router.js";

/** @type {Component} */
export function dropZone(element, app) {
	const { actions, commands } = app;
	const input = query(element, "input", HTMLInputElement);
	/** @param {Iterable<File>} files */
	const submit = (files) => {
		openList();
		actions.submit([...files], app.selectedOptions());
	};
	commands.register({ "list:choose-files": () => input.click() });
	input.addEventListener("change", () => {
		submit(input.files ?? []);
		input.value = "";
	});
	connectDrop(query(element, ".drop-overlay"), (files) => {
		const recordings = files.filter((file) => !isModelFile(file));
		for (const file of files.filter(isModelFile)) actions.importModel(file, (model) => app.chooseModel(model));
		if (recordings.length) submit(recordings);
	});
	connectPaste(submit);
}

/** @param {HTMLElement} overlay @param {(files: File[]) => void} onFiles */
function connectDrop(overlay, onFiles) {
	let depth = 0; // the pointer enters a child before it leaves the parent
	const setDepth = (/** @type {number} */ next) => {
		depth = Math.max(0, next);
		setVisible(overlay, depth > 0);
	};
	/** @type {(type: "dragenter"|"dragleave"|"dragover"|"drop", listener: (event: DragEvent) => void) => void} */
	const onFileDrag = (type, listener) =>
		addEventListener(type, (event) => event.dataTransfer?.types.includes("Files") && listener(event));
	onFileDrag("dragenter", () => setDepth(depth + 1));
	onFileDrag("dragleave", () => setDepth(depth - 1));
	onFileDrag("dragover", (event) => event.preventDefault());
	onFileDrag("drop", (event) => {
		setDepth(0);
		if (event.defaultPrevented) return; // the desk takes it as a text
		event.preventDefault();
		void droppedFiles(event.dataTransfer).then(onFiles);
	});
}

/** @param {(files: Iterable<File>) => void} onFiles */
function connectPaste(onFiles) {
	addEventListener("paste", (event) => {
		const files = event.clipboardData?.files;
		if (!files?.length) return;
		event.preventDefault();
		onFiles(files);
	});
}
