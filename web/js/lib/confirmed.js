/** A button that asks once more before it does something that can't be undone. */

import { t } from "../i18n.js";

const PATIENCE_MS = 4000;

/** @param {HTMLButtonElement} button @param {() => void} action */
export function confirmed(button, action) {
  const words = /** @type {Element} */ (button.lastElementChild);
  let before = "";
  const relax = () => {
    if (!button.dataset.asked) return;
    delete button.dataset.asked;
    words.textContent = before;
  };
  button.addEventListener("click", () => {
    if (button.dataset.asked) {
      relax();
      return action();
    }
    before = words.textContent ?? "";
    button.dataset.asked = "yes";
    words.textContent = t("job.really");
    setTimeout(relax, PATIENCE_MS);
  });
  button.addEventListener("blur", relax);
  return button;
}
