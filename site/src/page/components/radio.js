/** One of a few choices. Public value and payload: the choice's value, or null. */
import { checkedChoice, choicesOf, nameOf } from "../choices.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../choices.js").Value} Value */

export default class Radio extends Field {
  /** @type {HTMLInputElement[]} */
  controls = [];

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.text = el("output", { className: "text-output" });
      body.append(this.text);
      return;
    }
    this.controls = choicesOf(this.config.props).map(() => el("input", { type: "radio", name: this.controlId }));
    const rows = choicesOf(this.config.props).map(([name], i) =>
      el("label", { className: "choice" }, this.controls[i], el("span", { textContent: name })));
    const group = el("div", { className: "choice-group", role: "radiogroup", "aria-labelledby": this.label?.id }, ...rows);
    body.append(this.asControl(group));
    this.label?.removeAttribute("for");
    group.addEventListener("input", (event) => {
      event.stopPropagation();
      this.changed();
    });
  }

  /** @returns {Value | null} */
  get value() {
    if (this.text) return this.chosen ?? null;
    return choicesOf(this.config.props)[this.controls.findIndex((control) => control.checked)]?.[1] ?? null;
  }

  /** @param {Value | null} value */
  set value(value) {
    this.chosen = value;
    this.controls.forEach((control, i) => (control.checked = choicesOf(this.config.props)[i][1] === value));
    if (this.text) this.text.value = value === null ? "No answer yet" : nameOf(this.config, value);
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
  }

  describe() {
    return nameOf(this.config, this.value) || "nothing";
  }
}

define("ps-radio", Radio);

/** @param {any} value @param {ComponentConfig} config */
export const toPayload = async (value, config) => checkedChoice(value, config);

/** @param {Value | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {Value | null} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => el("span", { className: "example-text", textContent: nameOf(config, value) || "(none)" });
