/** The lists of names and terms that are kept on the server: to edit, to remove, and to use for the next recordings. */

import { t } from "../i18n.js";
import { h, query, setTextOrHide, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";

/** @type {Component} */
export function termLists(element, app) {
	const { dialog, attempt, on } = formDialog(element, "dialog");
	const select = query(dialog, "select", HTMLSelectElement);
	const name = query(dialog, "input", HTMLInputElement);
	const terms = query(dialog, "textarea", HTMLTextAreaElement);
	/** @type {TermList[]} */
	let lists = [];
	app.commands.register({
		"term-lists": async () => {
			if (dialog.ariaBusy === "true") return;
			await attempt(() => load(""));
			show();
			dialog.showModal(); // not before: the fields have been cleared
		},
	});
	select.addEventListener("change", show);
	on("#save-terms", save);
	on("#use-terms", async () => {
		const saved = await save();
		if (!saved) return;
		app.useTermList(saved);
		dialog.close();
	});
	on("#replace-terms", async () => {
		dialog.close();
		app.replaceTerms(terms.value);
	});
	on("#remove-terms", async () => {
		await app.api.removeTermList(select.value);
		await load("");
		show();
	});

	/** Returns the list's name, if it has one. What is typed meanwhile stays. */
	async function save() {
		name.value = name.value.trim();
		if (!name.reportValidity()) return "";
		const edited = select.value;
		const saved = await app.api.saveTermList(name.value, terms.value);
		if (edited && edited !== saved.name) await app.api.removeTermList(edited);
		await load(select.value === edited ? saved.name : select.value);
		return saved.name;
	}

	/** @param {string} selected the list to show; "" for a new one */
	async function load(selected) {
		const kept = await app.api.termLists();
		lists = kept.term_lists;
		setTextOrHide(query(dialog, ".error"), kept.damaged_files.map((file) => t("terms.damaged", { file })).join(" "));
		select.replaceChildren(h("option", { value: "" }, t("terms.new")), ...lists.map((list) => h("option", { value: list.name }, list.name)));
		select.value = selected;
		renderRemove();
	}

	function show() {
		const list = lists.find((each) => each.name === select.value);
		name.value = list?.name ?? "";
		terms.value = list?.terms ?? "";
		renderRemove();
	}

	function renderRemove() {
		setVisible(query(dialog, "#remove-terms"), select.value !== "");
	}
}
