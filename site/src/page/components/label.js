/** A class, or classes with their confidences as bars. Public value and payload: `{label, confidences}`, or null. */
import { formatPercent } from "../../shared/format.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").LabelPayload} LabelPayload */

export default class Label extends Field {
  static stylesheet = true;
  /** @type {LabelPayload | null} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    this.top = el("p", { className: "label-top" });
    // Where there are no bars it is the answer itself.
    this.heading = this.config.props.show_heading ?? true;
    this.bars = el("ol", { className: "label-bars" });
    // The room of all rows is kept free from the start, so that nothing moves when an answer comes.
    this.bars.style.setProperty("--rows", String(this.config.props.num_top_classes ?? 0));
    body.append(this.top, this.bars);
  }

  get value() {
    return this.#value;
  }

  /** @param {LabelPayload | null} value */
  set value(value) {
    this.#value = value;
    const confidences = value?.confidences ?? [];
    this.toggleAttribute("data-empty", !value);
    if (this.top) this.top.textContent = value?.label ?? "No answer yet";
    this.top?.toggleAttribute("hidden", !this.heading && confidences.length > 0);
    this.bars?.replaceChildren(...confidences.map(bar));
  }

  describe() {
    if (!this.#value) return "no answer";
    const [first] = this.#value.confidences ?? [];
    return first ? `${this.#value.label}, ${formatPercent(first.confidence)}` : this.#value.label;
  }
}

define("ps-label", Label);

/** @param {{ label: string, confidence: number }} row */
function bar({ label, confidence }) {
  const percent = formatPercent(confidence);
  const line = el("span", { className: "label-bar", "aria-hidden": "true" });
  line.style.setProperty("--share", String(Math.min(1, Math.max(0, confidence))));
  return el("li", { className: "label-row" },
    el("span", { className: "label-name", textContent: label, title: label }),
    el("span", { className: "label-percent", textContent: percent }),
    line);
}

/** @param {LabelPayload} value @param {ComponentConfig} _config @returns {Promise<LabelPayload>} */
export const toPayload = async (value, _config) => value;

/** @param {LabelPayload} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {LabelPayload | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export const preview = (value, _config) => el("span", { className: "example-text", textContent: value?.label ?? "" });
