/**
 * A drawing. Payload: `{width, height, data, background}`: the strokes, RGBA, and the picture drawn upon, RGB, or null.
 * Public values that it takes: a payload, or any picture that `image.js` takes, to draw upon; that it gives: a payload.
 */
import { cssSize, el } from "../dom.js";
import { Field, define } from "../field.js";
import { Pen } from "../pen.js";
import { preview as picturePreview, toPayload as toPicture } from "./image.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").SketchPayload} SketchPayload */
/** @typedef {import("../../protocol.d.ts").ImagePayload} ImagePayload */
/** @typedef {import("../pen.js").Stroke} Stroke */

/** The pen's width at "auto", as a share of the canvas's shorter side. */
const AUTO_WIDTH = 1 / 14;
const HELP = "Draw with the mouse, a finger or a pen. By keyboard: arrow keys move the pen, Space puts it down or lifts it, Shift makes "
  + "longer steps, Ctrl+Z takes the last stroke back.";

export default class Sketchpad extends Field {
  static stylesheet = true;
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {ImagePayload | null} */
  #background = null;
  /** Counts what was given, so that a picture that comes slowly does not overwrite a later one. */
  #turn = 0;
  erases = false;

  /** @param {HTMLElement} body */
  build(body) {
    const { width, height, brush } = this.config.props;
    this.color = brush.default_color;
    this.paper = el("canvas", { className: "sketch-paper", "aria-hidden": "true" });
    this.sheet = el("canvas", { className: "sketch-sheet", tabIndex: 0, role: "application" });
    this.sheet.setAttribute("aria-labelledby", `${this.controlId}-label`);
    this.asControl(this.sheet);
    this.sheet.setAttribute("aria-describedby", `${this.controlId}-help ${this.controlId}-info ${this.controlId}-problem`);
    this.cursor = el("span", { className: "sketch-cursor", hidden: true });
    this.hint = el("p", { className: "sketch-hint", textContent: "Draw here" });
    this.stage = el("div", { className: "sketch-stage" }, this.paper, this.sheet, this.hint, this.cursor);
    if (width) this.stage.style.maxWidth = cssSize(width);
    if (height) this.stage.style.maxHeight = cssSize(height);
    const help = el("p", { className: "visually-hidden", id: `${this.controlId}-help`, textContent: HELP });
    body.append(this.stage, this.#tools(), help);
    this.pen = new Pen(this.sheet, {
      style: () => ({ color: this.color, width: this.#penWidth(), erases: this.erases }),
      begin: (stroke) => this.#begin(stroke),
      grown: (stroke) => this.#grown(stroke),
      moved: (place) => this.#showCursor(place),
      undo: () => this.#undo(),
    });
  }

  #tools() {
    const { colors, color_mode: mode } = this.config.props.brush;
    this.undoButton = tool("Undo", () => this.#undo());
    this.wipeButton = tool("Wipe", () => this.#wipe());
    this.wipeButton.setAttribute("aria-label", "Wipe the drawing away");
    this.eraser = tool("Eraser", () => this.#erase(!this.erases));
    this.#erase(false);
    this.eraser.hidden = !this.config.props.eraser;
    const swatches = el("div", { className: "sketch-colors", role: "radiogroup", "aria-label": "Colour of the pen" });
    swatches.append(...colors.map((/** @type {string} */ color) => this.#swatch(color)));
    if (mode === "defaults") swatches.append(this.#anyColor());
    swatches.hidden = swatches.childElementCount < 2;
    return el("div", { className: "sketch-tools" }, swatches, this.eraser, this.undoButton, this.wipeButton);
  }

  /** @param {string} color */
  #swatch(color) {
    const radio = el("input", { type: "radio", name: `${this.controlId}-color`, checked: color === this.color, className: "sketch-color" });
    radio.setAttribute("aria-label", color);
    radio.style.setProperty("--color", color);
    radio.addEventListener("input", (event) => event.stopPropagation());
    radio.addEventListener("change", (event) => {
      event.stopPropagation();
      this.#take(color);
    });
    return radio;
  }

  #anyColor() {
    const free = el("input", { type: "color", className: "sketch-any-color", "aria-label": "Another colour" });
    free.addEventListener("input", (event) => {
      event.stopPropagation();
      this.#take(free.value);
    });
    free.addEventListener("change", (event) => event.stopPropagation());
    return free;
  }

  /** @param {string} color */
  #take(color) {
    this.color = color;
    this.#erase(false);
  }

  /** @param {boolean} erases */
  #erase(erases) {
    this.erases = erases;
    this.eraser?.setAttribute("aria-pressed", String(erases));
  }

  // ------------------------------------------------------------------------------------------ strokes

  /** @param {Stroke} stroke */
  #begin(stroke) {
    // What the visitor never asked for must not be part of what they draw; a photo is there to be drawn upon.
    if (this.isPlaceholder && !stroke.erases && (!this.#background || isPaper(this.#background))) {
      this.#strokes = [];
      this.#background = null;
      if (this.paper) this.paper.width = this.paper.width;
      this.#redraw();
    }
    this.isPlaceholder = false;
    this.#strokes.push(stroke);
    this.#grown(stroke);
  }

  /** @param {Stroke} stroke Its newest piece is drawn upon what is there. */
  #grown(stroke) {
    drawStroke(this.#context(), stroke, Math.max(0, stroke.points.length - 2));
    this.#showState();
    this.changed();
  }

  #undo() {
    if (this.#strokes.length === 0) return;
    this.#strokes.pop();
    this.#redraw();
    this.changed();
  }

  #wipe() {
    this.value = null;
    this.sheet?.focus();
    this.changed();
  }

  #redraw() {
    const { sheet } = this;
    if (!sheet) return;
    this.#context().clearRect(0, 0, sheet.width, sheet.height);
    for (const stroke of this.#strokes) drawStroke(this.#context(), stroke, 0);
    this.#showState();
  }

  #showState() {
    const blank = this.#strokes.length === 0;
    this.toggleAttribute("data-empty", blank && !this.#background);
    if (this.hint) this.hint.hidden = !(blank && !this.#background);
    if (this.undoButton) this.undoButton.disabled = blank;
    if (this.wipeButton) this.wipeButton.disabled = blank && !this.#background;
  }

  /** @param {{ x: number, y: number, down: boolean } | null} place In pixels of the canvas; null without a keyboard. */
  #showCursor(place) {
    const { cursor, sheet } = this;
    if (!cursor || !sheet) return;
    cursor.hidden = place === null;
    if (!place) return;
    cursor.toggleAttribute("data-down", place.down);
    Object.assign(cursor.style, { left: `${(100 * place.x) / sheet.width}%`, top: `${(100 * place.y) / sheet.height}%` });
  }

  #context() {
    // Read after every stroke: on the graphics device each reading would be a wait.
    return /** @type {CanvasRenderingContext2D} */ (this.sheet?.getContext("2d", { willReadFrequently: true }));
  }

  #penWidth() {
    const { brush, eraser } = this.config.props;
    const size = this.erases && eraser.default_size !== "auto" ? eraser.default_size : brush.default_size;
    const { width = 0, height = 0 } = this.sheet ?? {};
    return size === "auto" ? Math.max(2, Math.round(Math.min(width, height) * AUTO_WIDTH)) : size;
  }

  // ------------------------------------------------------------------------------------------ the value

  /** @returns {SketchPayload | null} */
  get value() {
    if (!this.sheet || (this.#strokes.length === 0 && !this.#background)) return null;
    const { width, height } = this.sheet;
    const { data } = this.#context().getImageData(0, 0, width, height);
    return { width, height, data: new Uint8Array(data.buffer), background: this.#background?.data ?? null };
  }

  /** @param {any} value */
  set value(value) {
    const turn = ++this.#turn;
    this.isPlaceholder = false;
    this.setProblem("");
    this.#strokes = [];
    this.#lay(null);
    if (value === null || value === undefined) return;
    this.settled = toPayload(value, this.config).then((payload) => {
      if (turn === this.#turn) this.#load(payload);
    }, (error) => {
      if (turn === this.#turn) this.setProblem(error.message, error.hint);
    });
  }

  /** @param {SketchPayload | null} payload */
  #load(payload) {
    if (!payload) return;
    const { width, height, data, background } = payload;
    this.#lay(background ? { width, height, data: background } : null, [width, height]);
    if (!data.some((byte) => byte !== 0)) return;
    const image = new ImageData(new Uint8ClampedArray(data), width, height);
    this.#strokes = [{ image, points: [], color: "", width: 0, erases: false }];
    this.#redraw();
  }

  /** @param {ImagePayload | null} background @param {[number, number]} [size] */
  #lay(background, size = this.config.props.canvas_size) {
    const { paper, sheet } = this;
    if (!paper || !sheet) return;
    [paper.width, paper.height] = [sheet.width, sheet.height] = size;
    this.stage?.style.setProperty("--shape", String(size[0] / size[1]));
    this.#background = background;
    if (background) paper.getContext("2d")?.putImageData(opaque(background), 0, 0);
    this.pen?.rest();
    this.#redraw();
  }

  problem() {
    return this.#strokes.length === 0 && !this.#background ? this.missing("Draw something first.") : null;
  }

  describe() {
    const strokes = `${this.#strokes.length} ${this.#strokes.length === 1 ? "stroke" : "strokes"}`;
    return this.value === null ? "no drawing" : `a drawing of ${strokes}`;
  }

  /** @param {File[]} files A picture to draw upon. */
  takeFiles([file]) {
    if (!file) return false;
    const turn = ++this.#turn;
    this.isPlaceholder = false;
    this.setProblem("");
    this.settled = toPayload(file, this.config).then((payload) => {
      if (turn !== this.#turn) return;
      this.#strokes = [];
      this.#load(payload);
      this.dispatchEvent(new Event("change", { bubbles: true }));
    }, (error) => {
      if (turn === this.#turn) this.setProblem(error.message, error.hint);
    });
    return true;
  }
}

define("ps-sketchpad", Sketchpad);

/** @param {CanvasRenderingContext2D} context @param {Stroke} stroke @param {number} from The first point to draw from. */
function drawStroke(context, { points, color, width, erases, image }, from) {
  if (image) {
    context.putImageData(image, 0, 0);
    return;
  }
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: color, lineWidth: width });
  context.beginPath();
  context.moveTo(points[from].x, points[from].y);
  // A line to where it begins is a dot.
  for (const { x, y } of points.slice(from + 1).concat(points.length === 1 ? points : [])) context.lineTo(x, y);
  context.stroke();
}

/** Whether it is a drawing that came as a picture: more than half of it is white. @param {ImagePayload} picture RGB. */
function isPaper({ width, height, data }) {
  let white = 0;
  for (let i = 0; i < data.length; i += 3) if (Math.min(data[i], data[i + 1], data[i + 2]) > 250) white++;
  return white > (width * height) / 2;
}

/** @param {ImagePayload} picture RGB. @returns {ImageData} */
function opaque({ width, height, data }) {
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    image.data.set(data.subarray(from, from + 3), to);
    image.data[to + 3] = 255;
  }
  return image;
}

/** @param {string} words @param {() => void} act */
function tool(words, act) {
  const button = el("button", { type: "button", className: "button quiet", textContent: words });
  button.addEventListener("click", act);
  return button;
}

/**
 * @param {any} value @param {ComponentConfig} config @returns {Promise<SketchPayload | null>}
 * @throws {import("../../shared/fault.js").FaultError} Not a picture.
 */
export async function toPayload(value, config) {
  if (value === null || value === undefined) return null;
  if (ArrayBuffer.isView(value.data) && "background" in value) return value;
  const picture = await toPicture(value, { ...config, props: { ...config.props, max_side: null } });
  if (!picture) return null;
  const { width, height, data } = picture;
  return { width, height, data: new Uint8Array(width * height * 4), background: data };
}

/** @param {SketchPayload | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export function preview(value, config) {
  const picture = picturePreview(value, config);
  picture.classList.toggle("sketch-preview", picture instanceof HTMLImageElement);
  return picture;
}
