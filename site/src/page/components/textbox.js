/** Text, in or out. Public value and payload: string. */
import { answerTools } from "../answer-tools.js";
import { el } from "../dom.js";
import { isEmbedded } from "../embedded.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

export default class Textbox extends Field {
  static pause = 250;
  /** Of an output. */
  #answer = "";

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.text = this.#written(el("output", { className: "text-output" }));
      body.append(this.text, answerTools(this, { text: () => this.#answer }));
      this.text.style.minHeight = `calc(${this.config.props.lines ?? 1} * 1.55em + 1.5rem)`;
      return;
    }
    const { lines = 1, max_lines: maxLines, placeholder, max_length: maxLength, type = "text", autofocus } = this.config.props;
    this.control = lines === 1 && !(maxLines > 1) ? el("input", { type }) : el("textarea", { rows: lines });
    this.asControl(this.#written(this.control), { className: "control", placeholder: placeholder ?? "", autocomplete: "off" });
    // In a blog post the cursor is the reader's, and the page would jump to it.
    this.control.autofocus = Boolean(autofocus) && !isEmbedded();
    if (maxLength) this.control.maxLength = maxLength;
    this.control.addEventListener("input", (event) => {
      event.stopPropagation();
      this.grow();
      this.changed();
    });
    this.control.addEventListener("keydown", (event) => this.#onKey(/** @type {KeyboardEvent} */ (event)));
    body.append(this.control);
  }

  /** As the maker's language is written. @template {HTMLElement} T @param {T} element @returns {T} */
  #written(element) {
    const { text_align: align, rtl } = this.config.props;
    if (rtl) element.dir = "rtl";
    if (align) element.style.textAlign = align;
    return element;
  }

  /** @param {KeyboardEvent} event Enter in one line, Shift+Enter in several; never while an input method composes. */
  #onKey(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    if (this.control instanceof HTMLTextAreaElement !== event.shiftKey) return;
    event.preventDefault();
    this.submit();
  }

  /** Follows the text up to `max_lines`. */
  grow() {
    if (!(this.control instanceof HTMLTextAreaElement)) return;
    const { lines = 1, max_lines: maxLines } = this.config.props;
    const written = this.control.value.split("\n").length;
    this.control.rows = Math.min(maxLines ?? Math.max(lines, 20), Math.max(lines, written));
  }

  get value() {
    return this.control ? this.control.value : this.#answer;
  }

  /** @param {string | null} value */
  set value(value) {
    if (this.control) this.control.value = value ?? "";
    this.#answer = value ?? "";
    if (this.text) this.text.value = value ?? "No answer yet";
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
    this.grow();
  }
}

define("ps-textbox", Textbox);

/** @param {any} value @param {ComponentConfig} _config @returns {Promise<string>} */
export async function toPayload(value, _config) {
  return value === null || value === undefined ? "" : String(value);
}

/** @param {string} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {string} value @param {ComponentConfig} _config @returns {HTMLElement} The value in an example's row. */
export const preview = (value, _config) => el("span", { className: "example-text", textContent: value || "(empty)" });
