/** Aligns a text that the user has: pasted, dropped on the desk, or chosen as a file. */

import { t } from "../i18n.js";
import { query, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";
import { formatPercent } from "../lib/format.js";

const TEXT_FILE = /\.(txt|srt|vtt|md)$/i;

/**
 * @param {App} app @param {() => OpenTranscript|undefined} current @param {(id: string) => void} review the differences from what was heard
 */
export function scriptDialog({ api, toast }, current, review) {
	const { dialog, open } = formDialog(document, "#script-dialog", align);
	const textarea = query(dialog, "textarea", HTMLTextAreaElement);
	const fileInput = query(dialog, "input", HTMLInputElement);
	const bar = query(dialog, "progress", HTMLProgressElement);
	const submit = query(dialog, ".primary", HTMLButtonElement);
	fileInput.addEventListener("change", () => {
		void readFile(fileInput.files?.[0]);
		fileInput.value = "";
	});
	addEventListener("drop", (event) => {
		const files = [...(event.dataTransfer?.files ?? [])];
		const file = files.find(({ name }) => TEXT_FILE.test(name));
		if (!current() || !file || files.length > 1) return;
		event.preventDefault();
		open();
		void readFile(file);
	}, { capture: true });

	/** @param {File|undefined} file */
	async function readFile(file) {
		if (file) textarea.value = await file.text();
	}

	/** @param {boolean} isBusy */
	function setBusy(isBusy) {
		submit.disabled = isBusy;
		setVisible(bar, isBusy);
		bar.removeAttribute("value");
	}

	async function align() {
		const opened = current();
		if (!opened || !textarea.value.trim()) return;
		setBusy(true);
		try {
			const { words, placed } = await opened.session.takeFromServer((version) => api.align(opened.id, version, textarea.value));
			textarea.value = "";
			dialog.close();
			const share = formatPercent((100 * placed) / words);
			toast.show(t("script.done", { placed, words, share }), "second.review", () => current()?.id === opened.id && review(opened.id));
		} finally {
			setBusy(false);
		}
	}

	return {
		open,

		/** @param {number|null} aligned percent */
		render(aligned) {
			if (aligned !== null) bar.value = aligned;
		},
	};
}
