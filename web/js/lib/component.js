/** Custom elements as functions. */

/**
 * Defines a custom element. `connect` runs when the element enters the document; the function it returns renders the
 * state. Its signal is aborted when the element leaves the document, which removes every listener that was given it.
 * @param {string} name @param {Component} connect @param {App} app
 */
export function defineComponent(name, connect, app) {
	class ComponentElement extends HTMLElement {
		/** @type {AbortController|undefined} */
		#scope;

		connectedCallback() {
			this.#scope = new AbortController();
			const { signal } = this.#scope;
			const { store } = app;
			const render = connect(this, app, signal);
			if (!render) return;
			store.subscribe(render, signal);
			document.addEventListener("languagechange", () => render(store.state, null), { signal });
			render(store.state, null);
		}

		disconnectedCallback() {
			this.#scope?.abort();
		}
	}
	customElements.define(name, ComponentElement);
}
