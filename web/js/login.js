/** The page that asks for the token, once: the server answers with a cookie. */

import { api, errorText } from "./api.js";
import { localize } from "./i18n.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const token = /** @type {HTMLInputElement} */ (document.querySelector("#token"));
const problem = /** @type {HTMLElement} */ (document.querySelector("#problem"));

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	problem.textContent = "";
	try {
		await api.login(token.value);
		location.replace(".");
	} catch (error) {
		problem.textContent = errorText(error);
		token.select();
	}
});
localize(document.documentElement);
