/** Shows the text of the recording that is being made: a draft, then the final text. */

import { language, t } from "../i18n.js";
import { h, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { followRecording, noText } from "../live-text.js";
import { transcriptHref } from "../router.js";

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function createLivePanel(panel, signal) {
	const [badge, hint, lines, current] = queryEach(panel, ".status-badge", ".hint", ".live-lines", ".live-current");
	const [stable, tentative] = queryEach(panel, ".stable", ".tentative");
	const [captions, transcript] = [query(panel, ".captions", HTMLAnchorElement), query(panel, ".transcript", HTMLAnchorElement)];
	let jobId = "";
	let text = noText();
	/** @type {import("../live-text.js").Follower} */
	let follower = { stop() {}, send() {} };
	query(panel, ".close").addEventListener("click", close, { signal });
	signal.addEventListener("abort", () => follower.stop());
	lines.addEventListener("focusout", ({ target }) => target instanceof HTMLElement && correct(target), { signal });
	lines.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" && event.key !== "Escape") return;
		event.preventDefault();
		const line = /** @type {HTMLElement} */ (event.target);
		if (event.key === "Escape") line.textContent = text.lines[indexOf(line)] ?? "";
		line.blur();
	}, { signal });

	/** @param {string} id */
	function follow(id) {
		close();
		jobId = id;
		follower = followRecording(id, language, (changed) => {
			text = changed;
			render();
		});
		render();
	}

	function close() {
		follower.stop();
		jobId = "";
		text = noText();
		lines.replaceChildren();
		render();
	}

	function render() {
		setVisible(panel, jobId !== "");
		if (!jobId) return; // to measure its height would lay out the whole page
		const { phase } = text;
		const isFinal = phase === "final";
		panel.dataset.phase = phase;
		setText(badge, t(isFinal ? "live.final" : "live.draft"));
		setTextOrHide(hint, text.note || lagText() || hintText());
		showLines();
		setText(stable, text.stable);
		setText(tentative, text.tentative);
		setVisible(current, text.stable + text.tentative !== "");
		captions.href = `captions.html?job=${jobId}`;
		transcript.href = transcriptHref(jobId);
		setVisible(captions, phase === "waiting" || phase === "draft");
		setVisible(transcript, isFinal);
		setVisible(query(panel, ".close"), isFinal || phase === "failed");
	}

	/** Sends what somebody wrote into a line. @param {HTMLElement} line */
	function correct(line) {
		const id = indexOf(line);
		const written = line.innerText.trim();
		if (isDraft() && id >= 0 && written !== text.lines[id]) follower.send({ type: "correct", id, text: written });
	}

	/** @param {HTMLElement} line */
	function indexOf(line) {
		return [...lines.children].indexOf(line);
	}

	function isDraft() {
		return ["draft", "transcribing"].includes(text.phase);
	}

	function mark() {
		follower.send({ type: "mark" });
	}

	function hintText() {
		if (text.phase === "waiting") return t("live.listening");
		if (text.phase === "transcribing") return t("live.transcribing");
		return text.phase === "draft" ? t("live.hint") : "";
	}

	function lagText() {
		return text.phase === "draft" && text.lag >= 5 ? t("live.lag", { seconds: Math.round(text.lag) }) : "";
	}

	/** Adds what is new, so that selections survive; keeps the end in view if it was. */
	function showLines() {
		const area = lines.parentElement ?? lines;
		const isAtEnd = area.scrollHeight - area.scrollTop - area.clientHeight < 40;
		text.lines.forEach((line, at) => {
			const shown = lines.children[at] ?? lines.appendChild(h("p", { dir: "auto" }));
			if (shown !== document.activeElement) setText(shown, line);
			shown.setAttribute("contenteditable", isDraft() ? "plaintext-only" : "false");
		});
		while (lines.children.length > text.lines.length) lines.lastElementChild?.remove();
		if (isAtEnd) requestAnimationFrame(() => (area.scrollTop = area.scrollHeight));
	}

	return { follow, close, render, mark };
}
