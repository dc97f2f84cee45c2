/** Language and theme of the page itself. */

import { language, setLanguage } from "../i18n.js";
import { fill, h } from "../lib/dom.js";
import { load, save } from "../lib/memory.js";

/** @type {Part} */
export function pageSettings(element, { deeds }) {
  const languages = h(
    "select",
    { label: "settings.language", name: "page-language" },
    h("option", { value: "en", lang: "en" }, "English"),
    h("option", { value: "es", lang: "es" }, "Español"),
  );
  languages.value = language();
  languages.addEventListener("change", () => setLanguage(languages.value === "es" ? "es" : "en"));
  const themes = h(
    "select",
    { label: "settings.theme", name: "theme" },
    h("option", { value: "system", t: "theme.system" }),
    h("option", { value: "light", t: "theme.light" }),
    h("option", { value: "dark", t: "theme.dark" }),
  );
  themes.value = load("theme", "system");
  themes.addEventListener("change", () => {
    save("theme", themes.value);
    if (themes.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = themes.value;
  });
  const help = h("button", { type: "button", class: "button small ghost round", label: "help.title", onclick: () => deeds.help?.() }, "?");
  fill(element, h("span", { class: "select quiet" }, themes), h("span", { class: "select quiet" }, languages), help);
}
