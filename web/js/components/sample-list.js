/** Bundled clips to try at once, with the bundled model. */

import { language, t } from "../i18n.js";
import { fill, h, icon, show } from "../lib/dom.js";
import { clock, languageName } from "../lib/format.js";

export class SampleList extends HTMLElement {
  /** @type {(() => void)|undefined} */
  #render;

  /** @param {Store} store @param {Actions} actions */
  connect(store, actions) {
    const list = h("ul", { class: "samples" });
    fill(
      this,
      h(
        "section",
        { class: "sample-box", "aria-labelledby": "samples-title" },
        h("h2", { id: "samples-title", t: "samples.title" }),
        h("p", { class: "hint", t: "samples.intro" }),
        list,
      ),
    );
    this.#render = () => {
      show(this, store.state.samples.length > 0);
      list.replaceChildren(...ordered(store.state.samples).map((sample) => row(sample, actions)));
    };
    store.subscribe((state, before) => state.samples !== before.samples && this.#render?.());
    this.#render();
  }

  localized() {
    this.#render?.();
  }
}

/** Those in the page's language first. @param {readonly Sample[]} samples */
function ordered(samples) {
  return [...samples].sort((a, b) => Number(b.language === language()) - Number(a.language === language()));
}

/** @param {Sample} sample @param {Actions} actions */
function row(sample, actions) {
  const details = `${languageName(sample.language, sample.language, language())} · ${clock(sample.duration)}`;
  const button = h(
    "button",
    { type: "button", class: "sample", "data-sample": sample.id, onclick: () => actions.trySample(sample) },
    h("span", { class: "sample-mark" }, icon("play")),
    h("span", { class: "visually-hidden" }, `${t("samples.try")} `),
    h("span", { class: "sample-title", lang: sample.language }, sample.title),
    h("span", { class: "sample-details" }, details),
  );
  button.title = t("samples.said", { text: sample.text });
  return h("li", {}, button);
}
