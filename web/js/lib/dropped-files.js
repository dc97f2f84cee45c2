/** Dropped files, and the recordings in dropped folders. */

/** Of recordings for which browsers know no media type. */
const RECORDING = /\.(aac|ac3|aif|aiff|amr|ape|au|caf|ds2|dss|flac|m4a|m4b|mka|mkv|mov|mp3|mts|oga|ogg|opus|ts|wma|wmv|wv)$/i;

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
		if (entry.isDirectory) files.push(...(await filesOf(await entriesOf(/** @type {FileSystemDirectoryEntry} */ (entry)), false)));
		else if (takesAll || !entry.name.startsWith(".")) files.push(await fileOf(/** @type {FileSystemFileEntry} */ (entry)));
	}
	return takesAll ? files : files.filter(isRecording);
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
