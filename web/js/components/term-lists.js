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
		"term-lists": () => attempt(() => load("")).then(() => dialog.showModal()), // not before: it clears the fields
	});
	select.addEventListener("change", show);
	on("#save-terms", save);
	on("#use-terms", async () => {
		if (!await save()) return;
		app.useTermList(name.value);
		dialog.close();
	});
	on("#replace-terms", async () => {
		dialog.close();
		app.replaceTerms(terms.value);
	});
	on("#remove-terms", async () => {
		await app.api.removeTermList(select.value);
		await load("");
	});

	/** Returns whether the list has a name. */
	async function save() {
		name.value = name.value.trim();
		if (!name.reportValidity()) return false;
		const saved = await app.api.saveTermList(name.value, terms.value);
		if (select.value && select.value !== saved.name) await app.api.removeTermList(select.value);
		await load(saved.name);
		return true;
	}

	/** @param {string} selected the list to show; "" for a new one */
	async function load(selected) {
		const kept = await app.api.termLists();
		lists = kept.term_lists;
		setTextOrHide(query(dialog, ".error"), kept.damaged_files.map((file) => t("terms.damaged", { file })).join(" "));
		select.replaceChildren(h("option", { value: "" }, t("terms.new")), ...lists.map((list) => h("option", { value: list.name }, list.name)));
		select.value = selected;
		show();
	}

	function show() {
		const list = lists.find((each) => each.name === select.value);
		name.value = list?.name ?? "";
		terms.value = list?.terms ?? "";
		setVisible(query(dialog, "#remove-terms"), list !== undefined);
	}
}
