/** The page's words. Elements with data-t, data-t-label or data-t-placeholder get theirs by localize(). */

import { en } from "./i18n/en.js";
import { es } from "./i18n/es.js";
import { load, save } from "./lib/memory.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {"en"|"es"} Language */

/** @type {Record<Language, Record<Key, string>>} */
const TABLES = { en, es };

/** @type {Language} */
let current = chosen();

/** @returns {Language} */
function chosen() {
  const wanted = [load("language", ""), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag) => tag === "en" || tag === "es") ?? "en";
}

export function language() {
  return current;
}

/** @param {Language} next */
export function setLanguage(next) {
  current = next;
  save("language", next);
  localize(document.documentElement);
}

/** @param {Key} key @param {Record<string, string|number>} [params] */
export function t(key, params = {}) {
  return TABLES[current][key].replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/** Puts the current language's words into every marked element. @param {Element} root */
export function localize(root) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {Key} */ (element.getAttribute("data-t")));
  }
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(/** @type {Key} */ (element.getAttribute("data-t-label"))));
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) {
    element.setAttribute("placeholder", t(/** @type {Key} */ (element.getAttribute("data-t-placeholder"))));
  }
}
