/** One job: what it is doing, its text, and what can be done with it. Updated in place, so focus and playback stay. */

import { localize, t } from "../i18n.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { hasEnded } from "../reducer-jobs.js";
import { JobBody, deskAddress } from "./job-body.js";
import { doingOf, factsOf } from "./job-facts.js";

export class JobCard extends HTMLElement {
  #id;
  #name = h("span", { class: "name", dir: "auto" });
  #toggle = h("button", { type: "button", class: "toggle" }, this.#name, icon("chevron"));
  #status = h("span", { class: "chip" });
  #facts = h("span", { class: "figures" });
  #bar = h("progress", { max: 100 });
  #doing = h("p", { class: "doing figures" });
  #error = h("p", { class: "problem" });
  #problem = h("p", { class: "problem", role: "alert" });
  #cancel = button("close", "job.cancel");
  #retry = button("retry", "job.retry");
  #retryOther = button("retry", "job.retry_other");
  #excerpt = h("a", { class: "excerpt", dir: "auto" });
  #remove = button("trash", "job.remove");
  /** Made when it is first open: a long list has thousands of cards. @type {JobBody|undefined} */
  #body;
  #built = false;

  /**
   * @param {string} id @param {Actions} actions
   * @param {() => SubmitOptions} options chosen now
   * @param {(open: boolean) => void} onToggle
   */
  constructor(id, actions, options, onToggle) {
    super();
    this.#id = id;
    this.#toggle.addEventListener("click", () => onToggle(this.#toggle.getAttribute("aria-expanded") !== "true"));
    this.#cancel.addEventListener("click", () => actions.cancel(id));
    this.#retry.addEventListener("click", () => actions.retry(id));
    this.#retryOther.addEventListener("click", () => actions.retry(id, options()));
    this.#remove.addEventListener("click", () => actions.remove(id));
  }

  connectedCallback() {
    if (this.#built) return;
    this.#built = true;
    this.className = "card job";
    this.setAttribute("role", "listitem");
    this.dataset.job = this.#id;
    this.#toggle.setAttribute("aria-controls", `text-${this.#id}`);
    const actions = h("div", { class: "actions" }, this.#cancel, this.#retry, this.#retryOther, this.#remove);
    const head = h("div", { class: "head" }, h("h3", {}, this.#toggle), actions);
    const facts = h("p", { class: "meta" }, this.#status, this.#facts);
    this.append(head, facts, this.#bar, this.#doing, this.#error, this.#problem, this.#excerpt);
    localize(this);
  }

  /** A search's hits, each in context. @param {readonly string[]|undefined} parts @param {string} query */
  found(parts, query) {
    show(this.#excerpt, parts !== undefined);
    this.#excerpt.replaceChildren(...(parts ?? []).map((part, at) => (at % 2 ? h("mark", {}, part) : part)));
    this.#excerpt.href = deskAddress(this.#id, undefined, query);
  }

  /** @param {Entry} entry @param {boolean} open @param {boolean} hasText */
  update(entry, open, hasText) {
    const { job } = entry;
    this.dataset.status = job.status;
    setText(this.#name, job.filename);
    setText(this.#status, t(`status.${job.status}`));
    setText(this.#facts, factsOf(entry));
    this.#updateProgress(job);
    show(this.#error, job.status === "failed");
    setText(this.#error, job.error?.message ?? job.message);
    show(this.#problem, entry.problem !== null);
    setText(this.#problem, entry.problem ?? "");
    this.#toggle.disabled = !hasText;
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) this.#bodyOf().update(entry);
    if (this.#body) show(this.#body.element, open);
    this.#updateActions(job);
  }

  #bodyOf() {
    if (!this.#body) {
      this.#body = new JobBody(this.#id);
      this.append(this.#body.element);
      localize(this.#body.element);
    }
    return this.#body;
  }

  /** @param {Job} job */
  #updateProgress(job) {
    const works = job.status === "processing";
    show(this.#bar, works);
    if (works && job.progress > 0) this.#bar.value = job.progress;
    else this.#bar.removeAttribute("value");
    this.#bar.setAttribute("aria-label", t("job.progress", { name: job.filename }));
    show(this.#doing, !hasEnded(job.status));
    setText(this.#doing, doingOf(job));
  }

  /** @param {Job} job */
  #updateActions(job) {
    const all = [this.#cancel, this.#retry, this.#retryOther, this.#remove];
    const held = all.find((each) => each === document.activeElement);
    show(this.#cancel, !hasEnded(job.status));
    show(this.#retry, job.status === "failed" || job.status === "cancelled");
    show(this.#retryOther, !this.#retry.hidden);
    show(this.#remove, hasEnded(job.status));
    for (const each of all) nameFor(each, job.filename);
    // A button that goes hands the focus on, so that the keyboard doesn't lose its place.
    if (held?.hidden) all.find((each) => !each.hidden)?.focus();
  }
}

/** @param {Icon} mark @param {Key} key */
function button(mark, key) {
  return h("button", { type: "button", class: "button small ghost" }, icon(mark), h("span", { t: key }));
}

/** Says which job a button is of; its own words stay its name. @param {HTMLButtonElement} each @param {string} name */
function nameFor(each, name) {
  each.title = t("job.of", { action: t(/** @type {Key} */ (each.lastElementChild?.getAttribute("data-t"))), name });
}
