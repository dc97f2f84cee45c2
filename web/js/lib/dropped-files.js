/** Dropped files, the recordings in dropped folders, and models: files, and folders packed into one file. */

import { tarFile } from "./tar.js";

/** Of recordings for which browsers know no media type. */
const RECORDING = /\.(aac|ac3|aif|aiff|amr|ape|au|caf|ds2|dss|flac|m4a|m4b|mka|mkv|mov|mp3|mts|oga|ogg|opus|ts|wma|wmv|wv)$/i;

const MODEL = /\.(pt|tar)$|^ggml-.*\.bin$/i;
/** In a folder of Hugging Face or faster-whisper. */
const NEEDED_FOR_MODEL = /^((config|generation_config)\.json|(model|pytorch_model)[\w.-]*)$/;

/** @param {File} file */
export function isModelFile({ name }) {
	return MODEL.test(name);
}

/** @param {DataTransfer|null} data readable only while the drop is handled, so this is done at once @returns {Promise<File[]>} */
export function droppedFiles(data) {
	const entries = [...(data?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
	if (!entries.some((entry) => entry.isDirectory)) return Promise.resolve([...(data?.files ?? [])]);
	return filesOf(entries, true);
}

/** @param {FileSystemEntry[]} entries @param {boolean} takesAll otherwise only recordings @returns {Promise<File[]>} in the order of their names */
async function filesOf(entries, takesAll) {
	const byName = entries.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
	/** @type {File[]} */
	const files = [];
	for (const entry of byName) {
		if (entry.isDirectory) {
			files.push(...(await filesOfFolder(/** @type {FileSystemDirectoryEntry} */ (entry))));
		} else if (takesAll || !entry.name.startsWith(".")) {
			const file = await fileOf(/** @type {FileSystemFileEntry} */ (entry));
			if (takesAll || isRecording(file)) files.push(file);
		}
	}
	return files;
}

/** One file if it is a model. @param {FileSystemDirectoryEntry} folder @returns {Promise<File[]>} */
async function filesOfFolder(folder) {
	const entries = await entriesOf(folder);
	if (!entries.some(({ name }) => name === "config.json")) return filesOf(entries, false);
	const needed = entries.filter(({ name, isFile }) => isFile && NEEDED_FOR_MODEL.test(name));
	return [tarFile(`${folder.name}.tar`, await filesOf(needed, true))];
}

/** @param {File} file */
function isRecording({ name, type }) {
	return /^(audio|video)\//.test(type) || RECORDING.test(name);
}

/** All of them: the reader returns at most a hundred at once. @param {FileSystemDirectoryEntry} folder */
async function entriesOf(folder) {
	const reader = folder.createReader();
	/** @type {FileSystemEntry[]} */
	const entries = [];
	for (;;) {
		/** @type {FileSystemEntry[]} */
		const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
		if (!some.length) return entries;
		entries.push(...some);
	}
}

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
function fileOf(entry) {
	return new Promise((resolve, reject) => entry.file(resolve, reject));
}
