/** Text with marked spans, out only. Public value and payload: `[[text, class | score | null], ...]`, or null. */
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {[text: string, mark: string | number | null]} Span */

/** Hues that neighbours on the colour wheel are told apart by, in degrees. */
const HUES = [168, 28, 262, 205, 340, 88, 300, 48];

export default class HighlightedText extends Field {
  static stylesheet = true;
  /** @type {Span[] | null} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    this.legend = el("ul", { className: "highlight-legend", "aria-label": "Classes" });
    this.text = el("p", { className: "highlight-text" });
    body.append(this.legend, this.text);
  }

  get value() {
    return this.#value;
  }

  /** @param {Span[] | null} value */
  set value(value) {
    this.#value = value;
    const classes = [...new Set((value ?? []).map(([, mark]) => mark).filter((mark) => typeof mark === "string"))];
    this.toggleAttribute("data-empty", !value);
    const spans = value ?? [/** @type {Span} */ (["No answer yet", null])];
    this.text?.replaceChildren(...spans.map((span) => this.#span(span, classes)));
    const shown = this.config.props.show_legend ? classes : [];
    const entry = (/** @type {string} */ name) => colored(el("span", { textContent: name }), this.#color(name, classes));
    this.legend?.replaceChildren(...shown.map((name) => el("li", {}, entry(name))));
  }

  /** @param {Span} span @param {string[]} classes */
  #span([text, mark], classes) {
    if (mark === null) return document.createTextNode(text);
    const number = typeof mark === "number";
    const words = number ? mark.toFixed(2) : mark;
    // The break after a passage stays outside of its colour.
    const [, inner, tail] = /** @type {RegExpMatchArray} */ (text.match(/^([\s\S]*?)(\s*)$/));
    const element = el("mark", { className: "highlight", title: words }, inner);
    if (number) {
      element.toggleAttribute("data-score", true);
      element.toggleAttribute("data-negative", mark < 0);
      element.style.setProperty("--share", String(Math.min(1, Math.abs(mark))));
    } else colored(element, this.#color(mark, classes));
    const className = this.config.props.show_inline_category ? "highlight-tag" : "visually-hidden";
    element.append(el("span", { className, textContent: ` ${words}` }));
    const whole = document.createDocumentFragment();
    whole.append(element, tail);
    return whole;
  }

  /** @param {string} name @param {string[]} classes */
  #color(name, classes) {
    return this.config.props.color_map[name] ?? `hsl(${HUES[classes.indexOf(name) % HUES.length]} 65% 45%)`;
  }

  describe() {
    if (!this.#value) return "no answer";
    const marked = this.#value.filter(([, mark]) => mark !== null);
    const [first] = marked;
    return first ? `${marked.length} marked, first: ${first[0].trim()}` : "nothing marked";
  }
}

define("ps-highlightedtext", HighlightedText);

/** @template {HTMLElement} T @param {T} element @param {string} color @returns {T} */
function colored(element, color) {
  element.style.setProperty("--mark", color);
  return element;
}

/** @param {Span[] | null} value @param {ComponentConfig} _config @returns {Promise<Span[] | null>} */
export const toPayload = async (value, _config) => value;

/** @param {Span[] | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {Span[] | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  return el("span", { className: "example-text", textContent: (value ?? []).map(([text]) => text).join("") });
}
