/** The voices that are kept on the server: to keep one more, if that is what somebody wants, and to forget them. */

import { t } from "../i18n.js";
import { button, h, query, setChildren, setText, setVisible } from "../lib/dom.js";
import { formDialog } from "../lib/form-dialog.js";

/** @type {Component} */
export function knownVoices(element, app) {
	const { api } = app;
	const { dialog, attempt, on, open } = formDialog(element, "dialog");
	const [question, keep, forgetAll] = [query(dialog, ".notice"), query(dialog, "#keep-voice"), query(dialog, "#forget-voices")];
	const list = query(dialog, "ul");
	/** The one that may be kept. @type {NamedSpeaker|undefined} */
	let asked;
	let onKept = () => {};
	on("#keep-voice", async () => {
		if (asked) await api.keepVoice(asked.job_id, asked.speaker);
		ask(undefined);
		await load();
		onKept();
	});
	on("#forget-voices", async () => {
		await api.forgetVoices();
		await load();
	});
	app.knownVoices = (speaker, whenKept = () => {}) => {
		onKept = whenKept;
		ask(speaker);
		open();
		void attempt(load);
	};

	/** @param {NamedSpeaker|undefined} speaker */
	function ask(speaker) {
		asked = speaker;
		setVisible(question, speaker !== undefined);
		setText(query(question, "h3"), t("voices.ask", { name: speaker?.name ?? "" }));
		setText(keep, t("voices.keep", { name: speaker?.name ?? "" }));
	}

	async function load() {
		setVisible(forgetAll, true); // also where the list can't be read
		const voices = await api.knownVoices();
		setChildren(list, ...voices.map(row));
		setVisible(list, voices.length > 0);
		setVisible(query(dialog, "#no-voices"), voices.length === 0);
		setVisible(forgetAll, voices.length > 0);
	}

	/** @param {KnownVoice} voice */
	function row({ id, name }) {
		const forget = button("small ghost", "voices.forget", () => void attempt(async () => {
			await api.forgetVoice(id);
			await load();
		}));
		forget.ariaLabel = `${t("voices.forget")}: ${name}`;
		return h("li", {}, h("strong", { dir: "auto" }, name), forget);
	}
}
