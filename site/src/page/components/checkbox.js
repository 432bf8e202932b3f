/** Yes or no. Public value and payload: boolean. */
import { FaultError } from "../../shared/fault.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

export default class Checkbox extends Field {
  static stylesheet = true;

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.text = el("output", { className: "text-output" });
      body.append(this.text);
      return;
    }
    this.control = el("input", { type: "checkbox", className: "checkbox-box" });
    this.asControl(this.control);
    this.control.addEventListener("input", (event) => {
      event.stopPropagation();
      this.changed();
    });
    // The label stands beside its box, as one target for the finger.
    body.append(el("div", { className: "checkbox-row" }, this.control, this.label ?? null));
  }

  get value() {
    return this.control ? this.control.checked : (this.yes ?? null);
  }

  /** @param {boolean | null} value */
  set value(value) {
    this.yes = value;
    if (this.control) this.control.checked = Boolean(value);
    if (this.text) this.text.value = value === null ? "No answer yet" : words(value);
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
  }

  describe() {
    return this.value === null ? "no answer" : words(this.value);
  }
}

define("ps-checkbox", Checkbox);

/** @param {boolean} value */
const words = (value) => (value ? "Yes" : "No");

/**
 * @param {any} value @param {ComponentConfig} config @returns {Promise<boolean>}
 * @throws {FaultError} Neither true nor false: the text "false" would count as true.
 */
export async function toPayload(value, config) {
  if (value === null || value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw new FaultError("input", `${config.label || "Checkbox"}: ${JSON.stringify(value)} is neither true nor false.`,
    { hint: "Give true or false." });
}

/** @param {boolean} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {boolean} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) =>
  el("span", { className: "example-text", textContent: `${config.label ? `${config.label}: ` : ""}${words(value).toLowerCase()}` });
