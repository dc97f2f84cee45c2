/** Elements without HTML strings: text goes in as text. */

import { localize } from "../i18n.js";

/**
 * @typedef {object} Extras
 * @property {Key} [t] its text
 * @property {Key} [label] its accessible name
 * @property {((event: Event) => void)|undefined} [onclick]
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

/** Its text; without any it is hidden. @param {HTMLElement} element @param {string} text */
export function say(element, text) {
  setText(element, text);
  show(element, text !== "");
}

/** @param {string} look further classes @param {Key} key its words @param {(event: Event) => void} [onclick] @param {Icon} [mark] */
export function button(look, key, onclick, mark) {
  const words = h("span", { t: key });
  return h("button", { type: "button", class: `button ${look}`, onclick }, ...(mark ? [icon(mark), words] : [words]));
}

/** A mark alone; its words are for those who don't see it. @param {string} look @param {Key} label @param {Icon} name @param {() => void} onclick */
export function mark(look, label, name, onclick) {
  return h("button", { type: "button", class: `button ghost round ${look}`, label, onclick }, icon(name));
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
  pause: "M7.5 5v10M12.5 5v10",
  chevron: "M6 8l4 4 4-4",
  up: "M6 12l4-4 4 4",
  left: "M12 6l-4 4 4 4",
  back: "M4.5 8.500a6 6 0 1 1-.3 4M4 4.500v4h4",
  ahead: "M15.5 8.500a6 6 0 1 0 .3 4M16 4.500v4h-4",
  pen: "M4.5 15.500l.7-3 7.6-7.6 2.3 2.3-7.6 7.600z",
  unsure: "M3.5 15.500q1.6-2 3.250 0t3.250 0 3.250 0 3.250 0M6 11l4-7 4 7M7.2 9h5.6",
  undo: "M7.5 5L4 8.5 7.5 12M4 8.500h7.500a4 4 0 0 1 0 8H9",
  redo: "M12.5 5L16 8.5 12.5 12M16 8.500H8.500a4 4 0 0 0 0 8H11",
  start: "M5 4v12M9 10h7M12 7l-3 3 3 3",
  end: "M15 4v12M11 10H4M8 7l3 3-3 3",
  split: "M10 3v14M7 8l-3 2 3 2M13 8l3 2-3 2",
  merge: "M10 3v3M10 14v3M3 10h5M6 8l2 2-2 2M17 10h-5M14 8l-2 2 2 2",
  mic: "M10 3.500a2 2 0 0 1 2 2V10a2 2 0 0 1-4 0V5.500a2 2 0 0 1 2-2M5.5 9.500a4.5 4.5 0 0 0 9 0M10 14v3",
  stop: "M6 6h8v8H6z",
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
