/** Any number of a few choices. Public value and payload: a list of the choices' values, as they were chosen. */
import { checkedChoices, choicesOf, namesOf } from "../choices.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../choices.js").Value} Value */

export default class CheckboxGroup extends Field {
  /** @type {HTMLInputElement[]} */
  boxes = [];
  /** @type {Value[] | null} */
  chosen = null;

  /** @param {HTMLElement} body */
  build(body) {
    if (this.mode === "output") {
      this.text = el("output", { className: "text-output" });
      body.append(this.text);
      return;
    }
    this.boxes = choicesOf(this.config.props).map(() => el("input", { type: "checkbox" }));
    const rows = choicesOf(this.config.props).map(([name], i) =>
      el("label", { className: "choice" }, this.boxes[i], el("span", { textContent: name })));
    const group = el("div", { className: "choice-group", role: "group", "aria-labelledby": this.label?.id }, ...rows);
    body.append(this.asControl(group));
    this.label?.removeAttribute("for");
    group.addEventListener("input", (event) => {
      event.stopPropagation();
      this.#take(/** @type {HTMLInputElement} */ (event.target));
    });
  }

  /** @param {HTMLInputElement} box */
  #take(box) {
    const value = choicesOf(this.config.props)[this.boxes.indexOf(box)][1];
    const rest = (this.chosen ?? []).filter((one) => one !== value);
    this.chosen = box.checked ? [...rest, value] : rest;
    this.changed();
  }

  /** @returns {Value[] | null} null only for an output that has no answer yet */
  get value() {
    return this.text ? this.chosen : (this.chosen ?? []);
  }

  /** @param {Value[] | null} value */
  set value(value) {
    this.chosen = value;
    this.boxes.forEach((box, i) => (box.checked = Boolean(value?.includes(choicesOf(this.config.props)[i][1]))));
    if (this.text) this.text.value = value === null ? "No answer yet" : namesOf(this.config, value) || "None";
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
  }

  describe() {
    return namesOf(this.config, this.value) || "nothing";
  }
}

define("ps-checkboxgroup", CheckboxGroup);

/** @param {any} value @param {ComponentConfig} config */
export const toPayload = async (value, config) => checkedChoices(value, config);

/** @param {Value[] | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => el("span", { className: "example-text", textContent: namesOf(config, value) || "(none)" });
