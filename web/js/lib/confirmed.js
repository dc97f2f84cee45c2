/** A button that asks once more before it does something that can't be undone. */

import { t } from "../i18n.js";

const PATIENCE_MS = 4000;

/** @param {HTMLButtonElement} button @param {() => void} action @param {HTMLElement} [text] where its words stand */
export function confirmed(button, action, text = button) {
  let before = "";
  const relax = () => {
    if (!button.dataset.asked) return;
    delete button.dataset.asked;
    text.textContent = before;
  };
  button.addEventListener("click", () => {
    if (button.dataset.asked) {
      relax();
      action();
      return;
    }
    before = text.textContent ?? "";
    button.dataset.asked = "yes";
    text.textContent = t("job.really");
    setTimeout(relax, PATIENCE_MS);
  });
  button.addEventListener("blur", relax);
}
