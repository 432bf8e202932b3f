/** Formatted text, an output. Public value and payload: the text in Markdown, or null. */
import { answerTools } from "../answer-tools.js";
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

/** Beside our own files in the site's assets; only a page with this component loads it. */
const LIBRARY = new URL("../../../markdown/markdown-it.esm.min.mjs", import.meta.url).href;
const { default: MarkdownIt } = await import(LIBRARY);

export default class Markdown extends Field {
  static stylesheet = true;
  /** @type {string | null} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { height, min_height: least, max_height: most } = this.config.props;
    this.text = el("div", { className: "markdown-text prose" });
    if (height ?? most) this.text.style.maxHeight = cssSize(height ?? most);
    if (least) this.text.style.minHeight = cssSize(least);
    body.append(this.text, answerTools(this, { text: () => this.#value ?? "" }));
  }

  get value() {
    return this.#value;
  }

  /** @param {string | null} value */
  set value(value) {
    this.#value = value;
    this.toggleAttribute("data-empty", !value);
    if (!this.text) return;
    if (value) this.text.innerHTML = html(value, this.config.props.line_breaks);
    else this.text.textContent = "No answer yet";
  }

  describe() {
    return this.text?.textContent?.trim() || "no text";
  }
}

define("ps-markdown", Markdown);

/**
 * As the build renders a demo's description. HTML is escaped, so what a visitor wrote stays text.
 * @param {string} text @param {boolean} breaks
 */
function html(text, breaks) {
  const library = new MarkdownIt("commonmark", { html: false, breaks }).enable(["table", "strikethrough"]);
  const { renderer, utils } = library;
  renderer.rules.link_open = (/** @type {any[]} */ tokens, /** @type {number} */ at) => {
    tokens[at].attrSet("rel", "noopener nofollow");
    tokens[at].attrSet("target", "_blank");
    return renderer.renderToken(tokens, at, {});
  };
  // A picture would ask another host, behind the visitor's back.
  renderer.rules.image = (/** @type {any[]} */ tokens, /** @type {number} */ at) => {
    const url = utils.escapeHtml(tokens[at].attrGet("src") ?? "");
    return `<a href="${url}" rel="noopener nofollow" target="_blank">${utils.escapeHtml(tokens[at].content || "picture")}</a>`;
  };
  return library.render(text);
}

/** @param {any} value @param {ComponentConfig} _config @returns {Promise<any>} */
export const toPayload = async (value, _config) => value;

/** @param {any} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {string | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export const preview = (value, _config) => el("span", { className: "example-text", textContent: value ?? "" });
