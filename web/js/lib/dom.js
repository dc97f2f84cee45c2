/** DOM helpers. They never parse HTML: text is set as text. */

import { localize } from "../i18n.js";

/** t: the key of the element's text. @typedef {{t?: TextKey, onclick?: ((event: Event) => void)|undefined}} ElementOptions */

/**
 * Creates an element. An attribute that is true is set empty; one that is false or null is left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {ElementOptions & Record<string, unknown>} [options]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, options = {}, ...children) {
	const { t: key, onclick, ...attributes } = options;
	const element = document.createElement(tag);
	if (element instanceof HTMLButtonElement) element.type = "button"; // not "submit"
	for (const [name, value] of Object.entries(attributes)) {
		if (value === true) element.setAttribute(name, "");
		else if (value !== false && value != null) element.setAttribute(name, String(value));
	}
	if (key) element.dataset.i18n = key;
	if (onclick) element.addEventListener("click", onclick);
	element.append(...children);
	return element;
}

/** @param {string} className in addition to "button" @param {TextKey} key @param {(event: Event) => void} [onclick] @param {IconName} [iconName] */
export function button(className, key, onclick, iconName) {
	const label = h("span", { t: key });
	return h("button", { class: `button ${className}`, onclick }, ...(iconName ? [icon(iconName), label] : [label]));
}

const SVG = "http://www.w3.org/2000/svg";

/** Uses one of the symbols in index.html. @param {IconName} name */
export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	const use = document.createElementNS(SVG, "use");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	use.setAttribute("href", `#i-${name}`);
	svg.append(use);
	return svg;
}

/** Copies the only element of a <template> and localizes it. @param {string} id */
export function cloneTemplate(id) {
	const { content } = query(document, `template#${id}`, HTMLTemplateElement);
	const element = /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true));
	localize(element);
	return element;
}

/**
 * querySelector for an element that must exist.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root @param {string} selector @param {new () => T} [type]
 */
export function query(root, selector, type) {
	const element = root.querySelector(selector);
	if (!element || (type && !(element instanceof type))) throw new Error(`${selector} is missing`);
	return /** @type {T} */ (element);
}

/** Of what an event happened on. @param {EventTarget|null|undefined} target @param {string} selector @returns {HTMLElement|null} */
export function closest(target, selector) {
	return target instanceof Element ? target.closest(selector) : null;
}

/**
 * One element for each selector.
 * @template {string[]} S
 * @param {ParentNode} root @param {S} selectors
 * @returns {{[At in keyof S]: HTMLElement}}
 */
export function queryEach(root, ...selectors) {
	return /** @type {any} */ (selectors.map((selector) => query(root, selector)));
}

/** Replaces the children and localizes the new ones. @param {Element} element @param {...Node} children */
export function setChildren(element, ...children) {
	element.replaceChildren(...children);
	localize(element);
}

/** Writes only a text that differs, so that selections survive and live regions stay quiet. @param {Element} element @param {string} text */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Sets the text, and hides the element while the text is empty. @param {HTMLElement} element @param {string} text */
export function setTextOrHide(element, text) {
	setText(element, text);
	setVisible(element, text !== "");
}

/** @param {HTMLElement} element @param {boolean} visible */
export function setVisible(element, visible) {
	if (element.hidden === visible) element.hidden = !visible;
}
