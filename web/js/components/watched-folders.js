/** The folders of this machine whose new recordings are transcribed: to add one, with the settings chosen now, or to end it. */

import { t } from "../i18n.js";
import { button, h, query, setChildren, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";

/** @type {Component} */
export function watchedFolders(element, app) {
	const { api } = app;
	const { dialog, form, attempt, open } = formDialog(element, "dialog", add);
	const list = query(dialog, "ul");
	const suggestions = query(dialog, "datalist");
	const [path, output, skip] = ["path", "output", "skip"].map((name) => query(form, `[name=${name}]`, HTMLInputElement));
	/** The folder whose subfolders are suggested. */
	let suggested = "";
	form.addEventListener("input", ({ target }) => {
		if (target === path || target === output) void suggest(/** @type {HTMLInputElement} */ (target).value);
	});
	app.watchFolders = () => {
		open();
		void attempt(async () => {
			await Promise.all([load(), suggest("")]);
		});
	};

	async function add() {
		const formats = [...form.querySelectorAll("[name=formats]:checked")].map((box) => /** @type {HTMLInputElement} */ (box).value);
		const added = path?.value;
		await api.watchFolder({
			path: path?.value.trim() ?? "",
			output: output?.value.trim() || null,
			formats,
			skip: (skip?.value ?? "").split(",").map((pattern) => pattern.trim()).filter(Boolean),
			existing: query(form, "[name=existing]", HTMLInputElement).checked,
			options: app.selectedOptions(),
		});
		if (path?.value === added) form.reset(); // else the next one is being typed
		await load();
	}

	async function load() {
		const folders = await api.watchedFolders();
		setVisible(list, folders.length > 0);
		setChildren(list, ...folders.map(row));
	}

	/** @param {WatchedFolder} folder */
	function row({ id, path, output, formats, problem }) {
		const where = output ? t("watch.to", { folder: output }) : t("watch.beside");
		const end = button("small ghost", "watch.end", () => void attempt(async () => {
			await api.endWatching(id);
			await load();
		}));
		end.setAttribute("aria-label", `${t("watch.end")}: ${path}`);
		const problems = problem ? [h("p", { class: "error" }, problem)] : [];
		return h("li", {}, h("div", {}, h("strong", {}, path), h("p", { class: "hint" }, `${formats.join(", ")} · ${where}`), ...problems), end);
	}

	/** Suggests the subfolders of the folder that is typed. @param {string} typed */
	async function suggest(typed) {
		const folder = typed.replace(/[^/\\]*$/, "");
		if (folder === suggested && suggestions.childElementCount) return;
		suggested = folder;
		try {
			const { path: parent, folders } = await api.folders(folder);
			const separator = parent.includes("\\") ? "\\" : "/";
			const prefix = parent.endsWith(separator) ? parent : parent + separator;
			if (folder === suggested) suggestions.replaceChildren(...folders.map((name) => h("option", { value: prefix + name })));
		} catch {
			suggestions.replaceChildren(); // there is no such folder
		}
	}
}
