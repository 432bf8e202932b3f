/**
 * Pictures, small ones side by side and the one that is open. Output only. Public value: `[{image, caption}]`, each
 * image as of Image, or null.
 */
import { answerTools } from "../answer-tools.js";
import { cssSize, el, tool } from "../dom.js";
import { Field, define } from "../field.js";
import * as image from "./image.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */

/** What an arrow key adds to the open picture's place. @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export default class Gallery extends Field {
  static stylesheet = true;
  /** @type {any[] | null} */
  #value = null;
  /** The place of the picture that is to be open, -1 in the grid. */
  #at = -1;
  #grid = el("ul", { className: "gallery-grid", role: "list" });
  #stage = el("div", { className: "gallery-stage" });
  #words = el("p", { role: "status" });
  #back = tool("‹ All pictures", () => this.#close());
  // A click into it must not take the keys away.
  #large = el("div", { className: "gallery-large", tabIndex: -1 });

  /** @param {HTMLElement} body */
  build(body) {
    const { height, object_fit: fit } = this.config.props;
    if (height) this.style.setProperty("--height", cssSize(height));
    if (fit) this.style.setProperty("--fit", fit);
    this.#back.classList.add("quiet");
    const ways = [["Previous picture", "‹", -1], ["Next picture", "›", 1]].map(([title, sign, step]) => {
      const way = tool(`${sign}`, () => this.#move(Number(step)));
      way.classList.add("gallery-step");
      way.ariaLabel = way.title = `${title}`;
      return way;
    });
    this.#large.append(this.#back, el("div", { className: "gallery-frame" }, this.#stage, ...ways), this.#words);
    this.#large.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      else if (STEPS[event.key] && !event.altKey) this.#move(STEPS[event.key]);
    });
    const tools = answerTools(this, { file: () => this.#file(), usual: image.TOOLS });
    body.append(el("p", { className: "gallery-empty", textContent: "No pictures" }), this.#grid, this.#large, tools);
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    if (!this.#value) this.#at = this.config.props.selected_index ?? -1;
    this.#value = value;
    const list = value ?? [];
    this.toggleAttribute("data-empty", !list.length);
    this.#drawGrid(list);
    this.#draw();
  }

  /** The place of the open picture: the last one, while a stream has not come that far again. */
  get #shown() {
    return Math.min(this.#at, (this.#value?.length ?? 0) - 1);
  }

  describe() {
    const list = this.#value ?? [];
    const captions = list.map(({ caption }) => caption).filter(Boolean).join(", ");
    return `${list.length || "no"} picture${list.length === 1 ? "" : "s"}${captions && `: ${captions}`}`;
  }

  /** @param {any} one @param {number} at */
  #picture(one, at) {
    return image.picture(one.image, one.caption ?? `Picture ${at + 1} of ${this.#value?.length}`);
  }

  /** Its buttons stay: the one with the focus keeps it while a stream goes on. @param {any[]} list */
  #drawGrid(list) {
    const { columns, rows, fit_columns: wide, allow_preview: opens } = this.config.props;
    const across = wide ? Math.min(columns, list.length || 1) : columns;
    const { children, style } = this.#grid;
    style.setProperty("--columns", across);
    style.aspectRatio = rows && list.length > rows * across ? `${across} / ${rows}` : "";
    while (children[list.length]) children[list.length].remove();
    list.forEach((one, at) => {
      if (!children[at]) this.#grid.append(el("li", {}, opens ? tool("", () => this.#open(at)) : el("div")));
      const caption = el("span", { textContent: one.caption, "aria-hidden": "true" });
      children[at].children[0].replaceChildren(this.#picture(one, at), caption);
    });
  }

  /** The open picture, or the grid. */
  #draw() {
    const at = this.#shown;
    const one = this.config.props.allow_preview && this.#value?.[at];
    this.toggleAttribute("data-open", Boolean(one));
    this.#grid.hidden = one;
    this.#large.hidden = !one;
    if (!one) return;
    this.#stage.replaceChildren(this.#picture(one, at));
    this.#words.textContent = [`${at + 1} of ${this.#value?.length}`, one.caption].filter(Boolean).join(" · ");
  }

  /** @param {number} at */
  #open(at) {
    this.#at = at;
    this.#draw();
    this.#back.focus();
  }

  #close() {
    const small = this.#grid.querySelectorAll("button")[this.#shown];
    this.#at = -1;
    this.#draw();
    small.focus();
  }

  /** @param {number} step From the last picture on to the first. */
  #move(step) {
    const length = this.#value?.length ?? 1;
    this.#at = (this.#shown + step + length) % length;
    this.#draw();
  }

  /** The open picture, with its number in the file's name. */
  #file() {
    const at = this.#shown;
    const named = /** @type {any} */ ({ config: { label: `${this.config.label} ${at + 1}` } });
    return image.pictureFile(named, this.#value?.[at].image);
  }
}

define("ps-gallery", Gallery);

/** @param {any} value @param {ComponentConfig} _config Output only: nothing ever gives one to Python. */
export const toPayload = async (value, _config) => value;

/** @param {any[] | null} payload @param {ComponentConfig} config */
export const toPublic = (payload, config) => payload?.map((one) => ({ ...one, image: image.toPublic(one.image, config) })) ?? null;

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => image.preview(value?.[0]?.image, config);
