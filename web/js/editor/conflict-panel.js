/** Lines that were changed here and elsewhere: the user chooses a version of each place. */

import { t } from "../i18n.js";
import { queryEach, setText, setVisible } from "../lib/dom.js";

/** @param {HTMLElement} element @param {Commands} commands @param {() => OpenTranscript|undefined} current @returns {(session: OpenTranscript["session"]) => void} shows the first place */
export function conflictPanel(element, commands, current) {
	const [count, theirText, myText] = queryEach(element, ".figures", "#their-text", "#my-text");
	commands.register({
		"editor:use-theirs": () => current()?.session.resolveConflict("theirs"),
		"editor:use-mine": () => current()?.session.resolveConflict("mine"),
	});
	return ({ conflicts }) => {
		const [first] = conflicts;
		setVisible(element, first !== undefined);
		setText(count, t("conflict.count", { count: conflicts.length }));
		setText(theirText, textOf(first?.theirs ?? []));
		setText(myText, textOf(first?.mine ?? []));
	};
}

/** @param {Lines} lines */
function textOf(lines) {
	return lines.map((line) => line.text.trim()).join(" ") || t("conflict.removed");
}
