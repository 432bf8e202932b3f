/**
 * HTML of the maker's function, an output. Public value and payload: the text of HTML, or null. What a visitor entered may
 * be in it: it is parsed apart, and only what can neither run code nor ask another host is copied.
 */
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** What was left out, and the styles. @typedef {{ dropped: Set<string>, sheets: CSSStyleSheet[] }} Found */

const STYLE = new URL("../../../css/html.css", import.meta.url).href;
const TAGS = new Set(`a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del
 details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark meter nav ol p
 pre progress q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u
 ul var wbr svg g defs path rect circle ellipse line polyline polygon text tspan textPath title desc linearGradient
 radialGradient stop clipPath mask pattern marker symbol use`.split(/\s+/));
/** Of these the content is no text to read; of other unknown elements it is kept. */
const WHOLE = /^(script|iframe|object|noscript|template|textarea|select|link|meta|base)$/;
/** Attributes that hold words. Any other that has no colon and no slash can name neither a script nor another host. */
const WORDS = /^(title|alt|class|id|datetime|aria-[\w-]+|data-[\w-]+)$/;
const REFUSED = /^(on.*|autofocus|is|slot|srcset|ping|background)$/;
/** Before the name of a style attribute: a parser that met one would complain of the page's policy. No letter of a text. */
const MARK = "\uE000";
/** What loads something in CSS; a backslash may spell it in another way. */
const LOADS = /url\((?!["']?(data:|#))|image(-set)?\(|src\(|\\/i;

export default class HtmlField extends Field {
  static stylesheet = true;
  /** @type {string | null} */
  #value = null;
  /** @type {Set<string>} */
  #told = new Set();

  /** @param {HTMLElement} body */
  build(body) {
    const { min_height: least, max_height: most, padding } = this.config.props;
    const view = el("div", { className: "html-view" });
    view.toggleAttribute("data-padding", Boolean(padding));
    if (least) view.style.minHeight = cssSize(least);
    if (most) view.style.maxHeight = cssSize(most);
    // Apart from the page: its styles and ids don't reach in, the maker's don't reach out.
    this.root = view.attachShadow({ mode: "open" });
    body.append(view);
  }

  get value() {
    return this.#value;
  }

  /** @param {string | null} value */
  set value(value) {
    this.#value = value;
    this.toggleAttribute("data-empty", !value);
    if (!this.root) return;
    /** @type {Found} */
    const found = { dropped: new Set(), sheets: [] };
    this.root.replaceChildren(el("link", { rel: "stylesheet", href: STYLE }), ...(value ? safe(value, found) : ["No answer yet"]));
    this.root.adoptedStyleSheets = found.sheets;
    this.#tell([...found.dropped].filter((name) => !this.#told.has(name)));
  }

  /** @param {string[]} names */
  #tell(names) {
    if (!names.length) return;
    names.forEach((name) => this.#told.add(name));
    // eslint-disable-next-line no-console -- for the maker; the visitor can't do anything about it
    console.warn(`HTML "${this.config.label}": a page shows no ${names.join(", no ")}; left out`);
  }

  describe() {
    return (this.#value && this.root?.textContent?.trim()) || "no answer";
  }
}

define("ps-html", HtmlField);

/** @param {string} html @param {Found} found @returns {Node[]} */
function safe(html, found) {
  // In a template nothing runs and nothing is loaded.
  const template = document.createElement("template");
  template.innerHTML = unmarked(html).replace(/style(?=\s*=)/gi, `${MARK}$&`);
  return [...template.content.childNodes].flatMap((node) => copied(node, found));
}

/** @param {string | null} text */
const unmarked = (text) => (text ?? "").replaceAll(MARK, "");

/** @param {Node} node @param {Found} found @returns {Node[]} */
function copied(node, found) {
  if (node.nodeType === Node.TEXT_NODE) return [new Text(unmarked(node.nodeValue))];
  if (!(node instanceof Element)) return [];
  const { localName: tag } = node;
  if (tag === "style") {
    found.sheets.push(sheetOf(unmarked(node.textContent), found));
    return [];
  }
  if (!TAGS.has(tag)) found.dropped.add(`<${tag}>`);
  if (WHOLE.test(tag)) return [];
  const children = [...node.childNodes].flatMap((child) => copied(child, found));
  if (!TAGS.has(tag)) return children;
  const copy = /** @type {HTMLElement} */ (document.createElementNS(node.namespaceURI, tag));
  for (const { name, localName, value } of node.attributes) {
    if (!name.startsWith("xmlns")) takeAttribute(copy, [unmarked(localName), unmarked(value)], found);
  }
  copy.append(...children);
  return [copy];
}

/** @param {HTMLElement} copy @param {[name: string, value: string]} attribute @param {Found} found */
function takeAttribute(copy, [name, value], found) {
  if (name === "style") return takeStyle(copy.style, value, found);
  if (isSafe(copy, name, value)) copy.setAttribute(name, value);
  else found.dropped.add(name);
  if (copy instanceof HTMLAnchorElement && copy.href) Object.assign(copy, { rel: "noopener nofollow", target: "_blank" });
  return undefined;
}

/** @param {Element} copy @param {string} name @param {string} value */
function isSafe(copy, name, value) {
  if (name === "href") return copy instanceof HTMLAnchorElement ? /^(https?|mailto|tel):$/.test(schemeOf(value)) : value.startsWith("#");
  if (name === "src") return copy instanceof HTMLImageElement && /^\s*(data:image\/|blob:)/i.test(value);
  return WORDS.test(name) || (/^[\w-]+$/.test(name) && !REFUSED.test(name) && !/[:/\\]/.test(value));
}

/** @param {string} address As the browser understands it. */
const schemeOf = (address) => (URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI).protocol : "");

/** @param {CSSStyleDeclaration} style @param {string} text @param {Found} found */
function takeStyle(style, text, found) {
  style.cssText = text;
  for (const name of [...style]) {
    if (!LOADS.test(style.getPropertyValue(name))) continue;
    style.removeProperty(name);
    found.dropped.add(`${name} from elsewhere`);
  }
}

/** @param {string} text @param {Found} found */
function sheetOf(text, found) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  for (let i = sheet.cssRules.length; i--; ) {
    if (!LOADS.test(sheet.cssRules[i].cssText)) continue;
    sheet.deleteRule(i);
    found.dropped.add("<style> rule with url()");
  }
  return sheet;
}

/** @param {any} value @param {ComponentConfig} _config @returns {Promise<any>} */
export const toPayload = async (value, _config) => value;

/** @param {any} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {string | null} value @param {ComponentConfig} _config @returns {HTMLElement} */
export const preview = (value, _config) => el("span", { className: "example-text", textContent: value ?? "" });
