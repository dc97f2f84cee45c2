/** Bundled clips to try at once, with the bundled model. */

import { language, t } from "../i18n.js";
import { all, one, setText, show, stamp } from "../lib/dom.js";
import { clock, languageName } from "../lib/format.js";

/** @type {Part} */
export function sampleList(element, { actions }) {
	const list = one(element, "ul");
	/** @param {Sample} sample */
	const row = (sample) => {
		const item = stamp("sample");
		const [button, title, hint] = all(item, "button", ".sample-title", ".hint");
		button.dataset.sample = sample.id;
		button.title = t("samples.said", { text: sample.text });
		button.addEventListener("click", () => actions.trySample(sample));
		setText(title, sample.title);
		setText(hint, `${languageName(sample.language, sample.language, language())} · ${clock(sample.duration)}`);
		return item;
	};

	return ({ samples }, before) => {
		if (samples === before?.samples) return;
		show(element, samples.length > 0);
		const own = (/** @type {Sample} */ sample) => Number(sample.language !== language()); // the page's language first
		list.replaceChildren(...samples.toSorted((a, b) => own(a) - own(b)).map(row));
	};
}
