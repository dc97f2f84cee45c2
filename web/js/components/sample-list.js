/** Bundled clips to try at once, with the bundled model. */

import { language, t } from "../i18n.js";
import { h, icon, one, show } from "../lib/dom.js";
import { clock, languageName } from "../lib/format.js";

/** @type {Part} */
export function sampleList(element, { actions }) {
	const list = one(element, "ul", HTMLElement);
	/** @param {Sample} sample */
	const row = (sample) => {
		const button = h(
			"button",
			{ type: "button", class: "sample", "data-sample": sample.id, onclick: () => actions.trySample(sample) },
			h("span", { class: "sample-mark" }, icon("play")),
			h("span", { class: "visually-hidden" }, `${t("samples.try")} `),
			h("span", { class: "sample-title", lang: sample.language }, sample.title),
			h("span", { class: "hint" }, `${languageName(sample.language, sample.language, language())} · ${clock(sample.duration)}`),
		);
		button.title = t("samples.said", { text: sample.text });
		return h("li", {}, button);
	};

	return ({ samples }, before) => {
		if (samples === before?.samples) return;
		show(element, samples.length > 0);
		const own = (/** @type {Sample} */ sample) => Number(sample.language !== language()); // the page's language first
		list.replaceChildren(...samples.toSorted((a, b) => own(a) - own(b)).map(row));
	};
}
