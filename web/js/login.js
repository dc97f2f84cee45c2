/** Asks for the token once; the server then sets a cookie. */

import { api, ApiError, errorText } from "./api.js";
import { localize, t } from "./i18n.js";
import { query } from "./lib/dom.js";

const form = query(document, "form");
const token = query(document, "#token", HTMLInputElement);
const error = query(document, "#error");

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	error.textContent = "";
	try {
		await api.login(token.value);
		location.replace(".");
	} catch (reason) {
		error.textContent = reason instanceof ApiError && reason.code === "unauthorized" ? t("login.wrong") : errorText(reason);
		token.select();
	}
});
localize(document.documentElement);
