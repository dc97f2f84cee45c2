/** Custom elements as functions: one puts its elements into place and gives what draws a state. */

import { localize } from "../i18n.js";

/** @param {string} name @param {Part} make @param {Page} page */
export function part(name, make, page) {
	class Element extends HTMLElement {
		connectedCallback() {
			const render = make(this, page);
			localize(this);
			if (!render) return;
			const { store } = page;
			store.subscribe(render);
			document.addEventListener("language", () => render(store.state, null));
			render(store.state, null);
		}
	}
	customElements.define(name, Element);
}
