/**
 * What every component is on the page: a custom element without shadow DOM, with a label, a body, a line of help and a
 * line for what is wrong. `components/README.md` has the contract of a component file.
 */
import { el, freshId } from "./dom.js";

/** @typedef {import("../protocol.d.ts").ComponentConfig} ComponentConfig */

export class Field extends HTMLElement {
  /** The rest after an edit, in milliseconds, after which a live interface runs; for what is typed letter by letter. */
  static pause = 0;
  /** @type {ComponentConfig} */
  config = { type: "", label: "", props: {} };
  /** @type {"input" | "output"} */
  mode = "input";
  /** Whether the page itself put the value there, as a first example. */
  isPlaceholder = false;
  /** Resolves when the value is settled: a chosen file is read and decoded. @type {Promise<void>} */
  settled = Promise.resolve();
  controlId = freshId("field");

  /**
   * Called once, before the element is in the page.
   * @param {ComponentConfig} config @param {"input" | "output"} mode
   */
  configure(config, mode) {
    this.config = config;
    this.mode = mode;
    this.classList.add("field");
    this.dataset.mode = mode;
    this.label = el(mode === "input" ? "label" : "span", { className: "field-label", id: `${this.controlId}-label` });
    this.label.textContent = config.label || (mode === "input" ? "Input" : "Output");
    this.label.classList.toggle("visually-hidden", config.props.show_label === false);
    this.hidden = config.props.visible === false;
    if (this.label instanceof HTMLLabelElement) this.label.htmlFor = this.controlId;
    this.body = el("div", { className: "field-body" });
    this.info = el("p", { className: "field-info", id: `${this.controlId}-info`, hidden: !config.props.info });
    this.info.textContent = config.props.info ?? "";
    this.problemLine = el("p", { className: "field-problem", id: `${this.controlId}-problem`, role: "alert", hidden: true });
    if (mode === "output") {
      this.setAttribute("role", "group");
      this.setAttribute("aria-labelledby", this.label.id);
    }
    this.append(this.label, this.body, this.info, this.problemLine);
    this.build(this.body);
    this.value = config.props.value ?? null;
  }

  /** Fills the body; each component's own. @param {HTMLElement} _body */
  build(_body) {}

  /** The public value. @returns {any} */
  get value() {
    return null;
  }

  set value(_value) {}

  /** The value for the call that begins now; where a component streams, what is new since the last one. @returns {any} */
  takeValue() {
    return this.value;
  }

  /** Whether it streams and has nothing new. @returns {boolean} */
  isDry() {
    return false;
  }

  /** What keeps this value from being used, in a sentence; null when it can be. @returns {string | null} */
  problem() {
    return null;
  }

  /** @param {string} sentence That there is no value yet. @returns {string | null} null where the function does without. */
  missing(sentence) {
    return this.config.props.optional ? null : sentence;
  }

  /** The value in words, for a screen reader. @returns {string} */
  describe() {
    return String(this.value ?? "nothing");
  }

  /** Whether this component takes one of these dropped or pasted files. @param {File[]} _files @returns {boolean} */
  takeFiles(_files) {
    return false;
  }

  /** @param {boolean} busy An answer is on its way; the last one stays in view. */
  setBusy(busy) {
    this.toggleAttribute("data-busy", busy);
    this.setAttribute("aria-busy", String(busy));
  }

  /** @param {string} message Empty takes it away. @param {string} [hint] */
  setProblem(message, hint = "") {
    if (!this.problemLine) return;
    this.problemLine.hidden = !message;
    this.problemLine.replaceChildren(el("strong", { textContent: message }), hint ? ` ${hint}` : "");
    this.toggleAttribute("data-problem", Boolean(message));
    const part = this.closest("details");
    if (part && message) part.open = true;
  }

  /** @param {HTMLElement} control Gets the label's id and the lines that describe it. @param {Record<string, any>} [props] */
  asControl(control, props = {}) {
    Object.assign(control, { id: this.controlId }, props);
    control.setAttribute("aria-describedby", `${this.controlId}-info ${this.controlId}-problem`);
    return control;
  }

  /** The visitor changed the value and may go on changing it. */
  changed() {
    this.setProblem("");
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** The visitor is done with this value: Enter in a line of text. */
  submit() {
    this.dispatchEvent(new CustomEvent("ask", { bubbles: true }));
  }
}

/**
 * @param {string} name The tag. @param {CustomElementConstructor} element
 * Two copies of this module on one page (two versions of Pageside) must not fail.
 */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}
