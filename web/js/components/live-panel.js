/** Shows the text of the recording that is being made: a draft, then the final text. */

import { errorText } from "../api.js";
import { language, t } from "../i18n.js";
import { h, query, queryEach, setText, setTextOrHide, setVisible } from "../lib/dom.js";
import { followRecording, noText, withFinalText } from "../live-text.js";
import { transcriptHref } from "../router.js";

/** @param {HTMLElement} bar that has it @param {Api} api */
export function createLivePanel(bar, api) {
	const panel = query(bar, ".live");
	const [badge, hint, lines, current] = queryEach(panel, ".status-badge", ".hint", ".live-lines", ".live-current");
	const [stable, tentative] = queryEach(panel, ".stable", ".tentative");
	const [captions, transcript] = [query(bar, ".captions", HTMLAnchorElement), query(panel, ".transcript", HTMLAnchorElement)];
	let jobId = "";
	let text = noText();
	/** The line that somebody is writing in, and what it was before. @type {{line: HTMLElement, id: number, heard: string}|undefined} */
	let edited;
	/** @type {import("../live-text.js").Follower} */
	let follower = { stop() {}, send() {} };
	query(panel, ".close").addEventListener("click", close);
	lines.addEventListener("focusin", ({ target }) => {
		const id = [...lines.children].indexOf(/** @type {HTMLElement} */ (target));
		if (isDraft()) edited = { line: /** @type {HTMLElement} */ (target), id, heard: text.lines[id] ?? "" };
	});
	lines.addEventListener("focusout", () => void correct());
	lines.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" && event.key !== "Escape") return;
		event.preventDefault();
		if (event.key === "Escape" && edited) edited.line.textContent = edited.heard;
		/** @type {HTMLElement} */ (event.target).blur();
	});

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
		edited = undefined;
		text = noText();
		lines.replaceChildren();
		render();
	}

	function render() {
		setVisible(panel, jobId !== "");
		setVisible(captions, jobId !== "" && (text.phase === "waiting" || text.phase === "draft"));
		if (!jobId) return; // to measure its height would lay out the whole page
		const { phase } = text;
		const isFinal = phase === "final" && !edited;
		panel.dataset.phase = phase;
		setText(badge, t(isFinal ? "live.final" : "live.draft"));
		setTextOrHide(hint, text.note || lagText() || hintText());
		showLines();
		setText(stable, text.stable);
		setText(tentative, text.tentative);
		setVisible(current, text.stable + text.tentative !== "");
		captions.href = `captions.html?job=${jobId}`;
		transcript.href = transcriptHref(jobId);
		setVisible(transcript, isFinal);
		setVisible(query(panel, ".close"), isFinal || phase === "failed");
	}

	/** Sends what somebody wrote into a line of the draft: to the final text, if that has come meanwhile. */
	async function correct() {
		if (!edited) return;
		const { line, id, heard } = edited;
		const written = line.innerText.trim();
		const times = text.times[id];
		if (written === heard || !times) {
			edited = undefined;
		} else if (isDraft()) {
			edited = undefined;
			follower.send({ type: "correct", id, text: written });
		} else {
			const ofJob = jobId;
			try {
				await api.correctDraft(ofJob, { start: times.start, end: times.end, text: heard }, written);
				const { result } = await api.job(ofJob);
				if (ofJob !== jobId) return;
				edited = undefined;
				if (result) text = withFinalText(text, result);
			} catch (problem) {
				text = { ...text, note: errorText(problem) }; // the line stays, to be sent again
			}
		}
		render();
	}

	function isDraft() {
		return ["draft", "transcribing"].includes(text.phase);
	}

	function mark() {
		follower.send({ type: "mark" });
	}

	function hintText() {
		if (text.phase === "final" && edited) return t("live.finish_line");
		if (text.phase === "waiting") return t("live.listening");
		if (text.phase === "transcribing") return t("live.transcribing");
		return text.phase === "draft" ? t("live.hint") : "";
	}

	function lagText() {
		return text.phase === "draft" && text.lag >= 5 ? t("live.lag", { seconds: Math.round(text.lag) }) : "";
	}

	/** Adds what is new, so that selections survive; keeps the end in view if it was. */
	function showLines() {
		if (edited && !isDraft()) return; // until that line has been finished
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
