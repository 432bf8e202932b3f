/** A colour, in or out. Public value and payload: "#rrggbb", or null. */
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

export default class ColorPicker extends Field {
  static stylesheet = true;
  static pause = 250;
  /** @type {string | null} */
  #value = null;
  #chooser = el("input", { type: "color", className: "color-swatch" });
  #line = el("input", { className: "control", placeholder: "#rrggbb", autocomplete: "off", spellcheck: false });

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.#chooser.disabled = this.#line.readOnly = true;
      this.#line.placeholder = "No answer yet";
      this.#chooser.ariaHidden = "true";
    }
    this.#chooser.ariaLabel = `${this.label?.textContent}: choose`;
    this.asControl(this.#line).setAttribute("aria-labelledby", `${this.label?.id}`);
    const row = el("div", { className: "color-row" }, this.#chooser, this.#line);
    row.addEventListener("input", (event) => {
      event.stopPropagation();
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      const color = hex(value);
      // What is no colour yet waits until it is written to the end.
      if (color === undefined || color === this.#value) return;
      this.value = color;
      if (event.target === this.#line) this.#line.value = value;
      this.changed();
    });
    row.addEventListener("change", (event) => {
      event.stopPropagation();
      this.#settle();
    });
    this.#line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && this.#settle()) this.submit();
    });
    body.append(row);
  }

  /** The line shows the colour that counts. @returns {boolean} The one that was written. */
  #settle() {
    const { value } = this.#line;
    const right = hex(value) !== undefined;
    this.value = this.#value;
    if (!right) this.setProblem(`“${value}” is no colour; ${this.#value ?? "none"} is kept.`, "Write #ff0000, #f00 or rgb(255, 0, 0).");
    return right;
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value;
    this.#line.value = value ?? "";
    this.#chooser.value = value ?? "#000000";
    this.toggleAttribute("data-empty", !value);
  }
}

define("ps-colorpicker", ColorPicker);

/**
 * Any opaque colour that CSS knows, as the browser reads it.
 * @param {string} text @returns {string | null | undefined} "#rrggbb", null of an empty text, undefined of what is none.
 */
function hex(text) {
  if (!text.trim()) return null;
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d"));
  const [one, other] = ["#000", "#fff"].map((before) => {
    context.fillStyle = before;
    // What is no colour leaves the one before.
    context.fillStyle = text;
    return String(context.fillStyle);
  });
  return one === other && /^#/.test(one) ? one : undefined;
}

/** @param {any} value Python reads it. @param {ComponentConfig} _config @returns {Promise<any>} */
export const toPayload = async (value, _config) => value ?? null;

/** @param {string | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {string | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  const dot = el("span", { className: "color-dot" });
  dot.style.background = value ?? "";
  return el("span", { className: "example-text" }, dot, value ?? "(no colour)");
}
