/** Bundled recordings to try with the bundled model. */

import { language, t } from "../i18n.js";
import { cloneTemplate, query, queryEach, setText, setVisible } from "../lib/dom.js";
import { formatTime, languageName } from "../lib/format.js";

/** @type {Component} */
export function sampleList(element, { actions }) {
	const list = query(element, "ul");

	/** @param {Sample} sample */
	function createItem(sample) {
		const item = cloneTemplate("sample");
		const [button, title, hint] = queryEach(item, "button", ".sample-title", ".hint");
		button.dataset.sample = sample.id;
		button.title = t("samples.spoken", { text: sample.text });
		button.addEventListener("click", () => actions.trySample(sample));
		setText(title, sample.title);
		setText(hint, `${languageName(sample.language)} · ${formatTime(sample.duration)}`);
		return item;
	}

	return ({ samples }, before) => {
		if (samples === before?.samples) return;
		setVisible(element, samples.length > 0);
		// Those in the page's language come first.
		const rank = (/** @type {Sample} */ sample) => Number(sample.language !== language());
		list.replaceChildren(...samples.toSorted((a, b) => rank(a) - rank(b)).map(createItem));
	};
}
