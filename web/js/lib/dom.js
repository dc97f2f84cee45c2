/** Elements without HTML strings: text goes in as text. */

import { localize } from "../i18n.js";

/** t: its text. @typedef {{t?: TextKey, onclick?: ((event: Event) => void)|undefined}} Extras */

/**
 * A new element. True sets an empty attribute, false and null none.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Extras & Record<string, unknown>} [given]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, given = {}, ...children) {
	const { t: key, onclick, ...attributes } = given;
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === true) element.setAttribute(name, "");
		else if (value !== false && value != null) element.setAttribute(name, String(value));
	}
	if (key) element.dataset.i18n = key;
	if (onclick) element.addEventListener("click", onclick);
	element.append(...children);
	return element;
}

/** In the current language. @param {Element} element @param {...Node} children */
export function setChildren(element, ...children) {
	element.replaceChildren(...children);
	localize(element);
}

/** Only where it differs: selections and screen readers are left in peace. @param {Element} element @param {string} text */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Its text; without any it is hidden. @param {HTMLElement} element @param {string} text */
export function setTextOrHide(element, text) {
	setText(element, text);
	setVisible(element, text !== "");
}

/** @param {string} look further classes @param {TextKey} key its words @param {(event: Event) => void} [onclick] @param {IconName} [mark] */
export function button(look, key, onclick, mark) {
	const words = h("span", { t: key });
	return h("button", { type: "button", class: `button ${look}`, onclick }, ...(mark ? [icon(mark), words] : [words]));
}

/** @param {HTMLElement} element @param {boolean} visible */
export function setVisible(element, visible) {
	if (element.hidden === visible) element.hidden = !visible;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the page's symbols. @param {IconName} name */
export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	const use = document.createElementNS(SVG, "use");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	use.setAttribute("href", `#i-${name}`);
	svg.append(use);
	return svg;
}

/** One more of what a template in the page's HTML has, in the current language. @param {string} id */
export function cloneTemplate(id) {
	const { content } = query(document, `template#${id}`, HTMLTemplateElement);
	const element = /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true));
	localize(element);
	return element;
}

/**
 * What stands in the page's HTML.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root @param {string} selector @param {new () => T} [kind]
 */
export function query(root, selector, kind) {
	const found = root.querySelector(selector);
	if (!found || (kind && !(found instanceof kind))) throw new Error(`${selector} is missing`);
	return /** @type {T} */ (found);
}

/**
 * Several at once.
 * @template {string[]} S
 * @param {ParentNode} root @param {S} selectors
 * @returns {{[At in keyof S]: HTMLElement}}
 */
export function queryEach(root, ...selectors) {
	return /** @type {any} */ (selectors.map((selector) => query(root, selector)));
}
