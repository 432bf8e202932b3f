/** A number, in or out. Public value and payload: number, or null for an empty field. */
import { FaultError } from "../../shared/fault.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";
import { rangeProblem } from "../range.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

export default class NumberField extends Field {
  static pause = 250;

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.text = el("output", { className: "number-output" });
      body.append(this.text);
      return;
    }
    const { minimum, maximum, step, placeholder } = this.config.props;
    this.control = el("input", { type: "number", inputMode: "decimal" });
    this.asControl(this.control, { className: "control", placeholder: placeholder ?? "", step: String(step ?? "any") });
    if (typeof minimum === "number") this.control.min = String(minimum);
    if (typeof maximum === "number") this.control.max = String(maximum);
    this.control.addEventListener("input", (event) => {
      event.stopPropagation();
      this.changed();
    });
    this.control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.submit();
    });
    body.append(this.control);
  }

  problem() {
    if (this.control?.validity.badInput) return "This is not a number; write it as 3 or -0.5.";
    return rangeProblem(this.value, this.config.props);
  }

  /** @returns {number | null} */
  get value() {
    if (this.control) return this.control.value === "" ? null : this.control.valueAsNumber;
    return this.number ?? null;
  }

  /** @param {number | null} value */
  set value(value) {
    this.number = value;
    if (this.control) this.control.value = value === null ? "" : String(value);
    if (this.text) this.text.value = value === null ? "No answer yet" : String(value);
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
  }
}

define("ps-number", NumberField);

/**
 * @param {any} value A number, or text that spells one. @param {ComponentConfig} config @returns {Promise<number | null>}
 * @throws {FaultError} Not a number.
 */
export async function toPayload(value, config) {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  if (Number.isNaN(number)) {
    throw new FaultError("input", `${config.label || "Number"}: ${JSON.stringify(value)} is not a number.`,
      { hint: "Give a number, as 3 or -0.5." });
  }
  return number;
}

/** @param {number | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {number | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export const preview = (value, _config) => el("span", { className: "example-text", textContent: value ?? "(empty)" });
