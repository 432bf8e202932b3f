/**
 * Two pictures in one place with a line between them that moves. Output only. Public value: `[before, after]`, each as of
 * Image, one of them null where there is one picture; or null.
 */
import { answerTools } from "../answer-tools.js";
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";
import * as image from "./image.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

export default class ImageSliderField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { width, height, max_height: most, slider_position: position } = this.config.props;
    this.stage = el("div", { className: "slider-stage" });
    if (width) this.stage.style.maxWidth = cssSize(width);
    if (most) Object.assign(this.stage.style, { maxHeight: cssSize(most), width: "100%" });
    if (height) Object.assign(this.stage.style, { height: cssSize(height), aspectRatio: "auto" });
    // It covers the pictures: a finger, a mouse and the keyboard all move the line.
    this.line = el("input", { type: "range", min: "0", max: "100", step: "any", className: "slider-line" });
    this.line.value = String(position ?? 50);
    this.line.setAttribute("aria-label", `${this.config.label || "Pictures"}: how much of the first picture is shown`);
    this.line.addEventListener("input", (event) => {
      event.stopPropagation();
      this.#move();
    });
    this.line.addEventListener("change", (event) => event.stopPropagation());
    this.handle = el("span", { className: "slider-handle", "aria-hidden": "true" });
    const file = () => image.pictureFile(this, this.#value[1] ?? this.#value[0]);
    body.append(this.stage, answerTools(this, { file, usual: image.TOOLS }));
    this.#move();
  }

  #move() {
    const percent = Number(this.line?.value);
    this.stage?.style.setProperty("--at", `${percent}%`);
    this.line?.setAttribute("aria-valuetext", `${Math.round(percent)} %`);
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value ?? null;
    this.toggleAttribute("data-empty", this.#value === null);
    if (!this.stage || !this.line || !this.handle) return;
    if (!this.#value) {
      this.stage.replaceChildren(el("p", { className: "slider-empty", textContent: "No pictures yet" }));
      return;
    }
    const words = this.config.label || "Picture";
    if (this.#value.includes(null)) {
      this.stage.replaceChildren(image.picture(this.#value[0] ?? this.#value[1], words));
      return;
    }
    const [before, after] = [`${words}, before`, `${words}, after`].map((name, i) => image.picture(this.#value[i], name));
    before.classList.add("slider-before");
    this.stage.replaceChildren(after, before, this.handle, this.line);
  }

  describe() {
    if (!this.#value) return "no pictures";
    return this.#value.includes(null) ? "a picture" : "two pictures, before and after";
  }
}

define("ps-imageslider", ImageSliderField);

/** @param {any} value @param {ComponentConfig} _config Output only: nothing ever gives one to Python. */
export const toPayload = async (value, _config) => value;

/** @param {any} payload @param {ComponentConfig} config */
export const toPublic = (payload, config) =>
  (payload === null ? null : payload.map((/** @type {any} */ one) => image.toPublic(one, config)));

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => image.preview(value?.[1] ?? value?.[0], config);
