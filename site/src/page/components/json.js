/** Data as a tree, an output. Public value: the plain value, or null; payload: its text of JSON, or null. */
import { answerTools } from "../answer-tools.js";
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** Where a value stands: its key, null for the whole, and a text that tells it from all others. @typedef {[string | null, string]} Place */

/** So many rows of a list are shown at a time, and so many of the whole unasked: more would keep the page busy. */
const STEP = 100;
const UNASKED = 500;
/** Levels that are open at first, as in Gradio. */
const DEPTH = 3;
/** Letters of a text that are shown at first. */
const LETTERS = 1000;

export default class JsonField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;
  #rows = 0;
  /** What the visitor opened or closed stays so in the next answer. @type {Map<string, boolean>} */
  #chosen = new Map();

  /** @param {HTMLElement} body */
  build(body) {
    const { height, min_height: minHeight, max_height: maxHeight } = this.config.props;
    this.tree = el("ul", { className: "json-tree" });
    for (const [name, size] of Object.entries({ height, minHeight, maxHeight })) {
      if (size) /** @type {any} */ (this.tree.style)[name] = cssSize(size);
    }
    body.append(this.tree, answerTools(this, { text: () => JSON.stringify(this.#value, null, 2), usual: ["copy"] }));
  }

  get value() {
    return this.#value;
  }

  /** @param {any} value */
  set value(value) {
    this.#value = value ?? null;
    this.#rows = 0;
    this.toggleAttribute("data-empty", this.#value === null);
    this.tree?.replaceChildren(this.#value === null ? el("li", { textContent: "No answer yet" }) : this.#row(this.#value, [null, ""], 0));
  }

  /** @param {any} value @param {Place} place @param {number} depth @returns {HTMLLIElement} */
  #row(value, [key, path], depth) {
    this.#rows += 1;
    const name = key === null ? "" : el("span", { className: "json-key", textContent: `${key}: ` });
    const keys = keysOf(value);
    if (!keys?.length) return el("li", {}, name, leaf(value));
    const list = el("ul");
    const inner = el("details", {}, el("summary", {}, name, `${bracketsOf(value)} `, el("span", { textContent: counted(value) })), list);
    const fill = () => list.firstChild ?? this.#fill(list, value, path, depth + 1);
    inner.open = this.#chosen.get(path) ?? (this.#rows < UNASKED && (this.config.props.open || depth < DEPTH));
    if (inner.open) fill();
    inner.addEventListener("toggle", () => inner.open && fill());
    inner.firstElementChild?.addEventListener("click", () => this.#chosen.set(path, !inner.open));
    return el("li", {}, inner);
  }

  /**
   * The rows of an object or a list; the button for more of them stays where it is, and with it the focus.
   * @param {HTMLElement} list @param {any} value @param {string} path @param {number} depth
   */
  #fill(list, value, path, depth) {
    const isList = Array.isArray(value);
    const keys = /** @type {ArrayLike<any>} */ (keysOf(value));
    let shown = 0;
    const add = () => {
      for (const end = Math.min(shown + STEP, keys.length); shown < end; shown++) {
        const key = isList ? shown : keys[shown];
        const named = isList && !this.config.props.show_indices ? null : String(key);
        last.before(this.#row(value[key], [named, `${path}/${key}`], depth));
      }
      button.textContent = rest(keys.length - shown);
      last.hidden = shown === keys.length;
    };
    const button = moreButton("", add);
    const last = el("li", {}, button);
    list.append(last);
    add();
  }

  describe() {
    const value = this.#value;
    return keysOf(value) ? `${Array.isArray(value) ? "a list" : "an object"} with ${counted(value)}` : String(value ?? "no answer");
  }
}

define("ps-json", JsonField);

/** Of an object its keys, of a list itself, of anything else null. @param {any} value @returns {ArrayLike<any> | null} */
const keysOf = (value) => (Array.isArray(value) ? value : value && typeof value === "object" ? Object.keys(value) : null);

/** @param {any} value */
const bracketsOf = (value) => (Array.isArray(value) ? "[ ]" : "{ }");

/** @param {any} value An object or a list. */
function counted(value) {
  const { length } = /** @type {ArrayLike<any>} */ (keysOf(value));
  return `${length.toLocaleString("en")} ${Array.isArray(value) ? "item" : "key"}${length === 1 ? "" : "s"}`;
}

/** @param {any} value Its type is told by its form too: texts stand in quotes. @returns {HTMLElement} */
function leaf(value) {
  if (keysOf(value)) return el("span", { textContent: bracketsOf(value) });
  const whole = JSON.stringify(value);
  const text = el("span", { className: `json-${value === null ? "null" : typeof value}`, textContent: whole });
  if (whole.length <= LETTERS) return text;
  text.replaceChildren(whole.slice(0, LETTERS), moreButton(rest(whole.length - LETTERS), () => (text.textContent = whole)));
  return text;
}

/** @param {number} count */
const rest = (count) => `… ${count.toLocaleString("en")} more`;

/** @param {string} textContent @param {() => void} onclick */
const moreButton = (textContent, onclick) => el("button", { type: "button", className: "button quiet", textContent, onclick });

/** @param {any} value A public value. @param {ComponentConfig} _config @returns {Promise<string | null>} */
export const toPayload = async (value, _config) => (value === null || value === undefined ? null : JSON.stringify(value));

/** @param {string | null} payload @param {ComponentConfig} _config @returns {any} */
export const toPublic = (payload, _config) => (typeof payload === "string" ? JSON.parse(payload) : null);

/** @param {any} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  return el("span", { className: "example-text", textContent: JSON.stringify(value ?? null).slice(0, 200) });
}
