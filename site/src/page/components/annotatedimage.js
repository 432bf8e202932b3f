/**
 * A picture with marked places. Output only. Public value: `{image, annotations: [{label, color, box | mask}]}`, or null;
 * `image` as of Image, a box as `[x1, y1, x2, y2]` in its pixels, a mask as one byte a pixel or a stored PNG.
 */
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";
import * as image from "./image.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").Annotation} Annotation */

const SVG = "http://www.w3.org/2000/svg";
/** As MASK_ALPHA of annotatedimage.py. */
const MASK_ALPHA = 0.6;
/** Boxes below this share of the picture's longer side are dots: filled, and too small for words. */
const DOT = 0.04;

export default class AnnotatedImageField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { width, height } = this.config.props;
    this.stage = el("div", { className: "annotated-stage" });
    if (width) this.stage.style.maxWidth = cssSize(width);
    if (height) Object.assign(this.stage.style, { height: cssSize(height), aspectRatio: "auto" });
    this.legend = el("ul", { className: "annotated-legend", "aria-label": "Legend" });
    this.words = el("p", { className: "annotated-words" });
    body.append(this.stage, this.words, this.legend);
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value ?? null;
    this.toggleAttribute("data-empty", this.#value === null);
    const groups = this.#value ? grouped(this.#value.annotations) : [];
    if (this.words) {
      this.words.textContent = this.#value && !groups.length ? "Nothing found on this picture." : "";
      this.words.hidden = !this.words.textContent;
    }
    this.stage?.replaceChildren(...(this.#value ? layers(this.#value, `${this.config.label || "Picture"}: ${this.describe()}`) : [
      el("p", { className: "image-empty", textContent: "No picture yet" })]));
    const shown = this.config.props.show_legend !== false ? groups : [];
    this.legend?.replaceChildren(...shown.map((group) => this.#entry(group)));
    if (this.legend) this.legend.hidden = !shown.length;
  }

  describe() {
    if (!this.#value) return "no picture";
    const groups = grouped(this.#value.annotations);
    if (!groups.length) return "nothing found";
    return groups.map(({ label, count }) => (count > 1 ? `${count} times ${label}` : label)).join(", ");
  }

  /** A button: pointing at it, or focus, lets the other places step back; a press keeps it so. @param {Group} group */
  #entry({ label, color, count }) {
    const swatch = el("span", { className: "annotated-swatch", "aria-hidden": "true" });
    swatch.style.background = color;
    const words = el("span", { textContent: label });
    const button = el("button", { type: "button", className: "annotated-entry", "aria-pressed": "false" }, swatch, words,
      count > 1 ? el("span", { className: "annotated-count", textContent: `× ${count}` }) : null);
    const light = (/** @type {boolean} */ on) => this.#highlight(on ? label : this.#pressed());
    button.addEventListener("pointerenter", () => light(true));
    button.addEventListener("pointerleave", () => light(false));
    button.addEventListener("focus", () => light(true));
    button.addEventListener("blur", () => light(false));
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of this.legend?.querySelectorAll("button") ?? []) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(on));
      this.#highlight(on ? label : null);
    });
    button.dataset.label = label;
    return el("li", {}, button);
  }

  #pressed() {
    const button = /** @type {HTMLElement | null} */ (this.legend?.querySelector("[aria-pressed=true]") ?? null);
    return button?.dataset.label ?? null;
  }

  /** @param {string | null} label */
  #highlight(label) {
    for (const place of this.stage?.querySelectorAll("[data-label]") ?? []) {
      place.toggleAttribute("data-dim", label !== null && /** @type {HTMLElement | SVGElement} */ (place).dataset.label !== label);
    }
  }
}

define("ps-annotatedimage", AnnotatedImageField);

/** @typedef {{ label: string, color: string, count: number }} Group */

/** Labels in the order of their first place. @param {Annotation[]} annotations @returns {Group[]} */
function grouped(annotations) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const { label, color } of annotations) {
    const group = groups.get(label) ?? { label, color, count: 0 };
    group.count += 1;
    groups.set(label, group);
  }
  return [...groups.values()];
}

/** The picture, the masks over it, and one drawing with all boxes, each fitted the same way. @param {any} value @param {string} words */
function layers(value, words) {
  const { width, height } = value.image;
  const masks = value.annotations.filter((/** @type {Annotation} */ one) => one.mask);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "image-view annotated-boxes", "aria-hidden": "true" });
  const boxes = value.annotations.filter((/** @type {Annotation} */ one) => one.box);
  for (const one of boxes) drawing.append(boxOf(one, width, height));
  return [image.picture(value.image, words), ...masks.map((/** @type {Annotation} */ one) => maskOf(one, width, height)), drawing];
}

/** @param {Annotation} annotation @param {number} width @param {number} height */
function boxOf({ label, color, box }, width, height) {
  const [x1, y1, x2, y2] = /** @type {number[]} */ (box);
  const longer = Math.max(width, height);
  const place = svg("g", { "data-label": label });
  const title = svg("title", {});
  title.textContent = label;
  place.append(title);
  if (Math.max(x2 - x1, y2 - y1) < DOT * longer) {
    place.append(svg("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, rx: (x2 - x1) / 2, fill: color, class: "annotated-dot" }));
    return place;
  }
  const frame = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, rx: longer / 160 };
  place.append(svg("rect", { ...frame, class: "annotated-halo" }), svg("rect", { ...frame, stroke: color, class: "annotated-box" }));
  const size = longer / 30;
  // Above the box; inside it where the picture ends.
  const y = y1 > size * 1.3 ? y1 - size * 0.35 : y1 + size * 1.05;
  const x = Math.min(Math.max(x1, size * 0.3), width - label.length * size * 0.62 - size * 0.3);
  const text = svg("text", { x, y, "font-size": size, class: "annotated-name" });
  text.textContent = label;
  place.append(text);
  return place;
}

/** @param {Annotation} annotation @param {number} width @param {number} height @returns {HTMLElement} */
function maskOf({ label, color, mask }, width, height) {
  if (!ArrayBuffer.isView(mask)) {
    return el("img", { src: String(mask?.file.url), alt: "", className: "image-view annotated-mask", "data-label": label });
  }
  const canvas = el("canvas", { width, height, className: "image-view annotated-mask", "aria-hidden": "true", "data-label": label });
  const pixels = new ImageData(width, height);
  const [red, green, blue] = rgb(color);
  for (let i = 0; i < mask.length; i += 1) pixels.data.set([red, green, blue, mask[i] * MASK_ALPHA], i * 4);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** @param {string} color `#rgb` or `#rrggbb`. */
function rgb(color) {
  const digits = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit) : color.slice(1).match(/../g);
  return (digits ?? []).map((pair) => parseInt(pair, 16));
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** @param {any} value @param {ComponentConfig} _config Output only: nothing ever gives one to Python. */
export const toPayload = async (value, _config) => value;

/** @param {any} payload @param {ComponentConfig} config */
export const toPublic = (payload, config) =>
  (payload === null ? null : { image: image.toPublic(payload.image, config), annotations: payload.annotations });

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => image.preview(value?.image, config);
