/** Lines over an axis of numbers, an output. Payload and public value: `{series: [{name, x, y}]}`, numbers each. */
import { extent, short, ticks } from "../../shared/ticks.js";
import { el } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").LinePlotPayload} LinePlotPayload */
/** @typedef {{ low: number, high: number, from: number, to: number }} Scale From values to pixels. */

const SVG = "http://www.w3.org/2000/svg";
const DEFAULT_HEIGHT = 260;
/** Room for the axes' numbers, in pixels. */
const LEFT = 46;
const BOTTOM = 24;
const TOP = 10;
const RIGHT = 12;
/** Pixels between two numbers of an axis, at least. */
const APART_X = 70;
const APART_Y = 40;
const COLOURS = 6;

export default class LinePlotField extends Field {
  static stylesheet = true;
  /** @type {LinePlotPayload | null} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { title, x_title: x, y_title: y, height } = this.config.props;
    this.chart = el("div", { className: "lineplot-chart", tabIndex: 0, role: "img" });
    this.chart.style.height = typeof height === "string" ? height : `${height ?? DEFAULT_HEIGHT}px`;
    this.readout = el("p", { className: "lineplot-readout" });
    this.legend = el("ul", { className: "lineplot-legend", hidden: true });
    body.append(
      ...(title ? [el("p", { className: "lineplot-title", textContent: title })] : []),
      this.legend,
      el("p", { className: "lineplot-y", textContent: y ?? "" }),
      this.chart,
      el("div", { className: "lineplot-foot" }, this.readout, el("p", { className: "lineplot-x", textContent: x ?? "" })));
    this.chart.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.chart.addEventListener("pointerleave", () => this.#point(null));
    this.chart.addEventListener("keydown", (event) => this.#onKey(event));
    this.sizes = new ResizeObserver(() => this.#draw());
  }

  connectedCallback() {
    if (this.chart) this.sizes?.observe(this.chart);
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value ?? null;
    this.#draw();
  }

  describe() {
    const series = this.#value?.series ?? [];
    if (!series.some(({ x }) => x.length > 0)) return "nothing drawn yet";
    const { x_title: across, y_title: up } = this.config.props;
    const [left, right] = extent(series.map(({ x }) => x));
    return series.map(({ name, y }) => {
      const [low, high] = extent([y]);
      return `${name ? `${name}: ` : ""}${up} from ${short(low)} to ${short(high)}`;
    }).join("; ") + `, over ${across} ${short(left)} to ${short(right)}`;
  }

  #draw() {
    const { chart } = this;
    if (!chart) return undefined;
    const { width, height } = chart.getBoundingClientRect();
    chart.setAttribute("aria-label", this.describe());
    this.#drawLegend();
    if (width === 0) return undefined;
    const series = this.#value?.series ?? [];
    if (!series.some(({ x }) => x.length > 0)) {
      this.across = this.cursor = undefined;
      return chart.replaceChildren(el("p", { className: "lineplot-empty", textContent: "No plot yet" }));
    }
    const { x_lim: xLim, y_lim: yLim } = this.config.props;
    this.across = scale(extent(series.map(({ x }) => x)), xLim, LEFT, width - RIGHT);
    this.up = scale(extent(series.map(({ y }) => y)), yLim, height - BOTTOM, TOP);
    const svg = shape("svg", { width, height, "aria-hidden": "true" });
    svg.append(...axes(this.across, this.up));
    series.forEach((one, i) => svg.append(this.#line(one, i)));
    this.cursor = shape("line", { class: "lineplot-cursor", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
    svg.append(this.cursor);
    return chart.replaceChildren(svg);
  }

  /** @param {LinePlotPayload["series"][number]} one @param {number} index */
  #line({ name, x, y }, index) {
    const scales = [this.across, this.up];
    const path = shape("path", { class: "lineplot-line", d: outline(x, y, .../** @type {[Scale, Scale]} */ (scales)) });
    path.style.stroke = this.#colour(name, index);
    return path;
  }

  /** @param {string} name @param {number} index */
  #colour(name, index) {
    return this.config.props.color_map?.[name] ?? `var(--line-${index % COLOURS})`;
  }

  #drawLegend() {
    const names = (this.#value?.series ?? []).map(({ name }) => name);
    if (!this.legend) return;
    this.legend.hidden = !names.some(Boolean);
    this.legend.replaceChildren(...names.map((name, i) => {
      const swatch = el("span", { className: "lineplot-swatch", "aria-hidden": "true" });
      swatch.style.background = this.#colour(name, i);
      return el("li", {}, swatch, name);
    }));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !this.across) return;
    event.preventDefault();
    const { from, to } = this.across;
    this.#point(Math.max(from, Math.min(to, (this.at ?? (step > 0 ? from - 1 : to + 1)) + (step * (to - from)) / 50)));
  }

  /** Reads the lines off at a place. @param {number | null} pixel */
  #point(pixel) {
    const series = (this.#value?.series ?? []).filter(({ x }) => x.length > 0);
    this.at = pixel;
    if (!this.readout || !this.cursor || !this.across) return;
    if (pixel === null || series.length === 0) {
      this.readout.textContent = "";
      this.cursor.setAttribute("visibility", "hidden");
      return;
    }
    const { low, high, from, to } = this.across;
    const wanted = low + ((pixel - from) / (to - from)) * (high - low);
    const found = series.map(({ name, x, y }) => {
      const i = nearest(x, wanted);
      return { name, x: x[i], y: y[i] };
    });
    const place = String(from + ((found[0].x - low) / (high - low)) * (to - from));
    for (const name of ["x1", "x2"]) this.cursor.setAttribute(name, place);
    this.cursor.setAttribute("visibility", "visible");
    const values = found.map(({ name, y }) => `${name ? `${name} ` : ""}${y === null || !Number.isFinite(y) ? "none" : short(y)}`);
    this.readout.textContent = `${short(found[0].x)}: ${values.join(", ")}`;
  }
}

define("ps-lineplot", LinePlotField);

/** @param {string} tag @param {Record<string, any>} attributes @returns {SVGElement} */
function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * @param {[number, number]} found @param {[number | null, number | null]} wished @param {number} from @param {number} to
 * @returns {Scale}
 */
const scale = ([low, high], wished, from, to) => ({ low: wished?.[0] ?? low, high: wished?.[1] ?? high, from, to });

/** @param {number} value @param {Scale} scale */
const place = (value, { low, high, from, to }) => from + ((value - low) / (high - low)) * (to - from);

/** @param {Scale} across @param {Scale} up @returns {SVGElement[]} Grid and numbers. */
function axes(across, up) {
  const parts = [];
  for (const value of ticks(up.low, up.high, Math.max(1, Math.floor((up.from - up.to) / APART_Y)))) {
    const y = place(value, up);
    const text = shape("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" });
    text.textContent = short(value);
    parts.push(shape("line", { class: "lineplot-grid", x1: across.from, x2: across.to, y1: y, y2: y }), text);
  }
  for (const value of ticks(across.low, across.high, Math.max(1, Math.floor((across.to - across.from) / APART_X)))) {
    const text = shape("text", { x: place(value, across), y: up.from + 18, "text-anchor": "middle" });
    text.textContent = short(value);
    parts.push(text);
  }
  return parts;
}

/** @param {ArrayLike<number>} x @param {ArrayLike<number | null>} y @param {Scale} across @param {Scale} up @returns {string} */
function outline(x, y, across, up) {
  let path = "";
  let pen = "M";
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === null || !Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const height = Math.max(up.to, Math.min(up.from, place(value, up)));
    // A point without neighbours is drawn by its round caps.
    path += `${pen}${place(x[i], across).toFixed(1)} ${height.toFixed(1)}${pen === "M" ? "h0" : ""}`;
    pen = "L";
  }
  return path;
}

/** @param {ArrayLike<number>} x @param {number} wanted */
function nearest(x, wanted) {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - wanted) < Math.abs(x[best] - wanted)) best = i;
  return best;
}

/** @param {any} value @param {ComponentConfig} _config */
export const toPayload = async (value, _config) => value;

/** @param {LinePlotPayload | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {any} _value @param {ComponentConfig} _config @returns {HTMLElement} */
export const preview = (_value, _config) => el("span", { className: "example-text", textContent: "(a plot)" });
