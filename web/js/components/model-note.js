/** What the chosen model is, and its download where it is not here. */

import { language, t } from "../i18n.js";
import { button, h, say, setText, show } from "../lib/dom.js";
import { bytes, span } from "../lib/format.js";

const HOUR_S = 3600;
const PATIENCE_MS = 4000;

/** @param {Actions} actions */
export function modelNote(actions) {
	/** @type {Model|undefined} */
	let shown;
	const text = h("p", { class: "hint" });
	const speed = h("p", { class: "hint" });
	const more = h("p", { class: "hint", t: "model.only_demo" });
	const error = h("p", { class: "problem", role: "alert" });
	const bar = h("progress", { max: 1 });
	const figures = h("p", { class: "hint figures" });
	const download = button("small", "model.download", () => shown && actions.downloadModel(shown), "download");
	const remove = confirmed(button("small ghost", "model.remove"), () => shown && actions.removeModel(shown));
	const element = h("model-note", { class: "model-note" }, text, speed, more, error, bar, figures, download, remove);

	return {
		element,

		/** @param {Model|undefined} model @param {boolean} only no model but the bundled one is here */
		update(model, only) {
			shown = model;
			show(element, model !== undefined);
			if (!model) return;
			const { name, available, bundled } = model;
			const size = model.size_bytes === null ? "?" : bytes(model.size_bytes, language());
			setText(text, bundled ? t("model.demo") : t(available ? "model.ready" : "model.missing", { name, size }));
			const time = span(HOUR_S * model.real_time_factor, language());
			setText(speed, t(model.speed_is_measured ? "model.speed" : "model.speed_guess", { time }));
			show(more, bundled && only);
			say(error, model.error?.message ?? "");
			const received = model.download?.received_bytes ?? 0;
			const total = model.download?.total_bytes ?? model.size_bytes ?? 0;
			show(bar, Boolean(model.download));
			if (total) bar.value = Math.min(1, received / total);
			bar.ariaLabel = t("model.download", { name });
			const sizes = { received: bytes(received, language()), total: bytes(total, language()) };
			say(figures, model.download ? t("model.received", sizes) : "");
			setText(/** @type {Element} */ (download.lastElementChild), t("model.download", { name }));
			show(download, !available && !model.download);
			show(remove, available && !bundled);
			if (!remove.dataset.asked) setText(/** @type {Element} */ (remove.lastElementChild), t("model.remove", { name }));
		},
	};
}

/** A button that asks once more before it does what can't be undone. @param {HTMLButtonElement} button @param {() => void} action */
function confirmed(button, action) {
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
