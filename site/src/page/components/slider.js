/** A number between two ends. Public value and payload: number. */
import { el } from "../dom.js";
import { Field, define } from "../field.js";
import { rangeProblem, shareOf, startOf } from "../range.js";

export { preview, toPayload, toPublic } from "./number.js";

export default class Slider extends Field {
  static stylesheet = true;

  /** @param {HTMLElement} body */
  build(body) {
    const { minimum, maximum, step } = this.config.props;
    if (this.mode === "output") {
      this.text = el("output", { className: "number-output" });
      this.bar = el("span", { className: "slider-bar", "aria-hidden": "true" });
      body.append(this.text, this.bar, ends(minimum, maximum));
      return;
    }
    const limits = { min: String(minimum), max: String(maximum), step: String(step ?? "any") };
    this.range = el("input", { type: "range", className: "slider-range", ...limits });
    this.asControl(this.range);
    // "any": a typed number need not lie on a step, as an example's need not.
    this.typed = el("input", {
      type: "number", className: "control slider-number", inputMode: "decimal", ...limits, step: "any",
      "aria-label": `${this.config.label || "Value"}, as a number`, "aria-describedby": `${this.controlId}-problem`,
    });
    this.range.addEventListener("input", (event) => this.#take(event, Number(this.range?.value)));
    this.typed.addEventListener("input", (event) => this.#take(event, this.typed?.valueAsNumber ?? NaN));
    this.typed.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.submit();
    });
    body.append(el("div", { className: "slider-row" }, this.range, this.typed), ends(minimum, maximum));
  }

  /** @param {Event} event @param {number} number NaN while the field of the number is empty. */
  #take(event, number) {
    event.stopPropagation();
    this.number = Number.isNaN(number) ? null : number;
    if (event.target === this.range && this.typed) this.typed.value = String(number);
    this.#draw();
    this.changed();
  }

  #draw() {
    const { props } = this.config;
    const share = String(this.number === null || this.number === undefined ? 0 : shareOf(this.number, props));
    this.range?.style.setProperty("--share", share);
    this.bar?.style.setProperty("--share", share);
    if (this.range && typeof this.number === "number") this.range.value = String(this.number);
  }

  problem() {
    if (this.number === null) return "There is no number; move the slider or type one.";
    return rangeProblem(this.value, this.config.props);
  }

  /** @returns {number | null} */
  get value() {
    return this.number ?? null;
  }

  /** @param {number | null} value None starts over; an output without an answer says so. */
  set value(value) {
    this.number = value ?? (this.mode === "input" ? startOf(this.config.props, Math.random()) : null);
    if (this.typed) this.typed.value = String(this.number ?? "");
    if (this.text) this.text.value = String(this.number ?? "No answer yet");
    this.toggleAttribute("data-empty", Boolean(this.text) && this.number === null);
    this.#draw();
  }
}

define("ps-slider", Slider);

/** @param {number} minimum @param {number} maximum */
const ends = (minimum, maximum) => el("div", { className: "slider-ends", "aria-hidden": "true" },
  el("span", { textContent: String(minimum) }), el("span", { textContent: String(maximum) }));
