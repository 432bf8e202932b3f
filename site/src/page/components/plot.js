/** A figure as a picture, an output. Payload: `{width, height, data}`, RGB, finer than it is shown; public value: ImageData. */
import { el } from "../dom.js";
import { Field, define } from "../field.js";
import * as image from "./image.js";

/** As `FINER` of the Python side. */
const FINER = 2;

export default class PlotField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    this.stage = el("div", { className: "plot-stage" });
    body.append(this.stage);
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value ?? null;
    this.toggleAttribute("data-empty", this.#value === null);
    if (this.#value === null) {
      this.stage?.replaceChildren(el("p", { className: "plot-empty", textContent: "No plot yet" }));
      return;
    }
    const picture = image.picture(this.#value, this.config.label || "Plot");
    picture.classList.add("plot-picture");
    picture.style.width = `${this.#value.width / FINER}px`;
    this.stage?.replaceChildren(picture);
  }

  describe() {
    return this.#value === null ? "no plot" : "a plot";
  }
}

define("ps-plot", PlotField);

export { toPayload, toPublic, preview } from "./image.js";
