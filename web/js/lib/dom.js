/** Elements without HTML strings: text goes in as text. */

import { localize } from "../i18n.js";

/** @typedef {import("../i18n.js").Key} Key */

/**
 * @typedef {object} Extras
 * @property {Key} [t] its text
 * @property {Key} [label] its accessible name
 * @property {(event: Event) => void} [onclick]
 */

/**
 * A new element. Attributes are set as given; true sets an empty one, false and null none.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Extras & Record<string, unknown>} [given]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, given = {}, ...children) {
  const { t: key, label, onclick, ...attributes } = given;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  if (key) element.dataset.t = key;
  if (label) element.setAttribute("data-t-label", label);
  if (onclick) element.addEventListener("click", onclick);
  element.append(...children);
  return element;
}

/** Replaces what is in the element, in the current language. @param {Element} element @param {...Node} children */
export function fill(element, ...children) {
  element.replaceChildren(...children);
  localize(element);
}

/** Sets the text only where it differs, so that selections and screen readers are left in peace. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {boolean} visible */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

const SVG = "http://www.w3.org/2000/svg";

/** Strokes on a 20 × 20 grid. */
const PATHS = {
  upload: "M10 13V4M6.5 7.5 10 4l3.5 3.5M4 13v2.5h12V13",
  download: "M10 4v9M6.5 9.5 10 13l3.5-3.5M4 13v2.5h12V13",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  retry: "M15.5 10a5.5 5.5 0 1 1-1.7-4M15.5 3v3.5H12",
  trash: "M4.5 6h11M8 6V4.2h4V6M6 6l.6 9.8h6.8L14 6",
  copy: "M7.5 7.5V4.5h8v8h-3M4.5 7.5h8v8h-8z",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  play: "M7 5.2v9.6l7.5-4.8z",
  chevron: "M6 8l4 4 4-4",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
