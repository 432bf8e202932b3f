/** Strokes on a canvas, from a mouse, a finger, a pen or the keyboard. */

/** @typedef {{ x: number, y: number }} Point In pixels of the canvas. */
/**
 * @typedef {object} Stroke
 * @property {Point[]} points @property {string} color @property {number} width @property {boolean} erases
 * @property {ImageData} [image] In place of points: what was drawn before and came as pixels.
 */
/**
 * @typedef {object} PenActions
 * @property {() => Pick<Stroke, "color" | "width" | "erases">} style Of the next stroke.
 * @property {(stroke: Stroke) => void} begin @property {(stroke: Stroke) => void} grown It has one point more.
 * @property {(place: (Point & { down: boolean }) | null) => void} moved The keyboard's pen.
 * @property {() => void} undo
 */

/** A step of the keyboard's pen, as a share of the canvas's width; with Shift four of them. */
const STEP = 1 / 40;
const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

export class Pen {
  /** @type {Stroke | null} */
  #stroke = null;
  /** @type {number | null} The finger that draws; a second one is no stroke. */
  #pointer = null;
  /** @type {Point | null} */
  #place = null;

  /** @param {HTMLCanvasElement} canvas @param {PenActions} actions */
  constructor(canvas, actions) {
    this.canvas = canvas;
    this.actions = actions;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.rest());
  }

  /** The pen is lifted, and the keyboard's place forgotten. */
  rest() {
    this.#stroke = null;
    this.#pointer = null;
    this.#place = null;
    this.actions.moved(null);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.rest();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#begin(this.#at(event));
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer || !this.#stroke) return;
    // A fast hand moves several times a frame; some browsers give none of them.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) this.#grow(this.#at(part));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#stroke = null;
  }

  /** @param {Point} point */
  #begin(point) {
    this.#stroke = { ...this.actions.style(), points: [point] };
    this.actions.begin(this.#stroke);
  }

  /** @param {Point} point */
  #grow(point) {
    const last = this.#stroke?.points.at(-1);
    if (!this.#stroke || (last && last.x === point.x && last.y === point.y)) return;
    this.#stroke.points.push(point);
    this.actions.grown(this.#stroke);
  }

  /** @param {MouseEvent} event @returns {Point} */
  #at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.left) / box.width) * this.canvas.width,
      y: ((clientY - box.top) / box.height) * this.canvas.height,
    };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.actions.undo();
    } else if (event.key === " ") {
      event.preventDefault();
      this.#toggle();
    } else if (event.key in ARROWS && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#step(ARROWS[event.key], event.shiftKey ? 4 : 1);
    }
  }

  #toggle() {
    const place = this.#here();
    if (this.#stroke) this.#stroke = null;
    else this.#begin(place);
    this.#tellPlace();
  }

  /** @param {[number, number]} direction @param {number} steps */
  #step([dx, dy], steps) {
    const { x, y } = this.#here();
    const length = this.canvas.width * STEP * steps;
    this.#place = { x: within(x + dx * length, this.canvas.width), y: within(y + dy * length, this.canvas.height) };
    this.#grow(this.#place);
    this.#tellPlace();
  }

  #here() {
    this.#place ??= { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    return this.#place;
  }

  #tellPlace() {
    this.actions.moved(this.#place && { ...this.#place, down: this.#stroke !== null });
  }
}

/** @param {number} value @param {number} length */
const within = (value, length) => Math.min(length, Math.max(0, value));
