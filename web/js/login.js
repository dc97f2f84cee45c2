/** The page that asks for the token, once: the server answers with a cookie. */

import { api, errorText } from "./api.js";
import { localize } from "./i18n.js";
import { query } from "./lib/dom.js";

const form = query(document, "form");
const token = query(document, "#token", HTMLInputElement);
const problem = query(document, "#problem");

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
