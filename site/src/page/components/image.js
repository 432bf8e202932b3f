/**
 * A picture, in or out. Payload: `{width, height, data}`, RGB, or RGBA of an answer. Public values that it takes: File, Blob,
 * URL, ImageData, img, canvas, ImageBitmap, a payload, or a file stored in bundle.json; that it gives: ImageData.
 */
import { FaultError } from "../../shared/fault.js";
import { answerTools, asFile, storedFile } from "../answer-tools.js";
import { closeStream, hasSeveralCameras, openCamera } from "../capture.js";
import { decodeFile, readDrawable } from "../decode.js";
import { cssSize, el, tool } from "../dom.js";
import { Field, define } from "../field.js";
import { addressOf, fetchFile } from "../given-file.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").ImagePayload} ImagePayload */

const DEFAULT_MAX_SIDE = 1024;

/** Below an answer, unless the maker says otherwise. */
export const TOOLS = ["download", "share"];

/** Pixels that a camera is asked for: for one picture, and for as many as the demo can answer. */
const TAKEN = { width: 1920, height: 1080 }, STREAMED = { width: 1280, height: 720 };

export default class ImageField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;
  /** Counts what was given, so that a slow file does not overwrite a later one. */
  #turn = 0;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {"user" | "environment"} */
  #facing = "environment";
  /** The running camera, where each of its pictures is wanted. @type {HTMLVideoElement | null} */
  #live = null;

  /** @param {HTMLElement} body */
  build(body) {
    this.stage = el("div", { className: "image-stage" });
    const { width, height } = this.config.props;
    if (width) this.stage.style.maxWidth = cssSize(width);
    if (height) Object.assign(this.stage.style, { height: cssSize(height), aspectRatio: "auto" });
    body.append(this.stage);
    if (this.mode === "input") this.#buildInput(body, this.stage);
    else body.append(answerTools(this, { file: () => pictureFile(this, this.#value), usual: TOOLS }));
  }

  /** @param {HTMLElement} body @param {HTMLElement} stage */
  #buildInput(body, stage) {
    const sources = this.config.props.sources ?? ["upload", "webcam", "clipboard"];
    const picker = el("input", { type: "file", accept: "image/*,.heic,.heif,.avif", className: "visually-hidden", tabIndex: -1 });
    this.asControl(picker);
    picker.addEventListener("change", (event) => {
      event.stopPropagation();
      if (picker.files?.length) this.takeFiles([...picker.files]);
      // Emptied, so that choosing the same file again is a change again.
      picker.value = "";
    });
    picker.addEventListener("input", (event) => event.stopPropagation());
    this.tools = el("div", { className: "image-tools" });
    this.chooseButton = tool("Choose a picture", () => picker.click());
    this.cameraButton = tool("Camera", () => this.#startCamera());
    this.clearButton = tool("×", () => this.#remove());
    this.clearButton.classList.add("image-remove");
    this.clearButton.setAttribute("aria-label", "Remove the picture");
    this.clearButton.title = "Remove the picture";
    if (!sources.includes("upload")) this.chooseButton.hidden = true;
    if (!sources.includes("webcam")) this.cameraButton.hidden = true;
    stage.addEventListener("click", () => this.#value === null && !this.#stream && sources.includes("upload") && picker.click());
    this.frame = el("div", { className: "image-frame" }, stage, this.clearButton);
    body.append(picker, this.frame, this.tools);
    this.#showTools();
  }

  #showTools() {
    if (this.chooseButton && this.cameraButton) this.tools?.replaceChildren(this.chooseButton, this.cameraButton);
  }

  get value() {
    return this.#value;
  }

  /** @param {any} value */
  set value(value) {
    this.#turn += 1;
    this.#stopCamera();
    this.setProblem("");
    if (value instanceof Blob) this.settled = this.#decode(value);
    else this.#show(value);
  }

  takeValue() {
    return this.#live ?? this.#value;
  }

  problem() {
    return this.takeValue() === null && this.mode === "input" ? this.missing("Choose a picture first.") : null;
  }

  describe() {
    return this.#value === null ? "no picture" : "a picture";
  }

  /** @param {File[]} files */
  takeFiles(files) {
    const [file] = files;
    if (!file || this.mode !== "input") return false;
    this.#turn += 1;
    this.settled = this.#decode(file).then((used) => {
      if (used) this.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return true;
  }

  /** @param {Blob} file @returns {Promise<any>} true when it took the place of what was there. */
  async #decode(file) {
    const turn = this.#turn;
    this.setProblem("");
    this.setBusy(true);
    try {
      const payload = await decodeFile(file, wishes(this.config));
      if (turn !== this.#turn) return false;
      this.#stopCamera();
      this.#show(payload);
      return true;
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      if (turn === this.#turn) this.setProblem(fault.message, fault.hint);
      return false;
    } finally {
      if (turn === this.#turn) this.setBusy(false);
    }
  }

  /** @param {any} value */
  #show(value) {
    this.#value = value ?? null;
    this.toggleAttribute("data-empty", this.#value === null);
    if (this.clearButton) this.clearButton.hidden = this.#value === null;
    const words = this.config.props.alt_text || this.config.label || "Picture";
    this.stage?.replaceChildren(this.#value === null ? this.#emptyWords() : picture(this.#value, words));
  }

  #emptyWords() {
    if (this.mode === "output") return el("p", { className: "image-empty", textContent: "No picture yet" });
    return el("p", { className: "image-empty" },
      el("strong", { textContent: "Drop a picture anywhere on this page" }), el("br"), "or paste one, or choose a file");
  }

  #remove() {
    this.value = null;
    this.chooseButton?.focus();
    this.changed();
  }

  // ------------------------------------------------------------------------------------------- the camera

  async #startCamera() {
    const turn = ++this.#turn;
    this.setProblem("");
    try {
      const stream = await openCamera(this.#facing, this.#streams ? STREAMED : TAKEN);
      if (turn !== this.#turn || !this.isConnected) return closeStream(stream);
      this.#stream = stream;
      return await this.#showCamera(stream);
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      this.#stopCamera();
      return this.setProblem(fault.message, fault.hint ?? "Try again, or choose a file.");
    }
  }

  /** @param {MediaStream} stream */
  async #showCamera(stream) {
    const video = el("video", { srcObject: stream, muted: true, playsInline: true, className: "image-view" });
    video.setAttribute("aria-label", "Live picture of the camera");
    const shutter = tool("Take the picture", () => this.#shoot(video));
    shutter.classList.add("primary");
    shutter.disabled = true; // until there is a picture to take
    const flip = tool("Other camera", () => this.#flip());
    flip.hidden = !(await hasSeveralCameras());
    this.stage?.replaceChildren(video);
    this.tools?.replaceChildren(shutter, flip, tool("Cancel", () => this.#cancelCamera()));
    await video.play();
    shutter.disabled = false;
    shutter.focus();
    if (this.#streams) this.#follow(video, stream);
  }

  /** A live interface that wants it answers while the camera runs. */
  get #streams() {
    return Boolean(this.config.props.streaming && this.closest("[data-live]"));
  }

  /** Tells of each new picture; whoever wants one takes it. @param {HTMLVideoElement} video @param {MediaStream} stream */
  #follow(video, stream) {
    this.#live = video;
    this.dispatchEvent(new CustomEvent("begin", { bubbles: true }));
    const tell = () => {
      if (this.#stream !== stream) return;
      this.changed();
      whenNext(video, tell);
    };
    tell();
  }

  /** @param {HTMLVideoElement} video */
  async #shoot(video) {
    const payload = await readDrawable(video, wishes(this.config));
    this.value = payload;
    this.cameraButton?.focus();
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  async #flip() {
    this.#facing = this.#facing === "user" ? "environment" : "user";
    closeStream(this.#stream);
    await this.#startCamera();
  }

  #cancelCamera() {
    this.#turn += 1;
    const answered = this.#live !== null;
    this.#stopCamera();
    this.#show(this.#value);
    this.cameraButton?.focus();
    // The answer in view is to the camera's last picture.
    if (answered) this.changed();
  }

  #stopCamera() {
    closeStream(this.#stream);
    this.#stream = null;
    this.#live = null;
    this.#showTools();
  }

  disconnectedCallback() {
    this.#stopCamera();
  }
}

define("ps-image", ImageField);

/** @param {ComponentConfig} config @returns {{ maxSide: number | null, alpha: boolean }} As `decodeFile` takes it. */
const wishes = ({ props: { max_side: maxSide = DEFAULT_MAX_SIDE, image_mode: mode } }) => ({ maxSide, alpha: mode === "RGBA" });

/** @param {HTMLVideoElement} video @param {() => void} act With its next picture. */
function whenNext(video, act) {
  if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(act);
  else requestAnimationFrame(act);
}

/** @param {any} value @returns {value is ImagePayload} */
const isPixels = (value) => ArrayBuffer.isView(value?.data) && value.width > 0;

/** @param {ImagePayload} payload */
const hasAlpha = ({ width, height, data }) => data.length === 4 * width * height;

/** @param {any} value A payload, ImageData, or a stored file. @param {string} words */
export function picture(value, words) {
  if (!isPixels(value)) {
    return el("img", { src: addressOf(value), alt: words, className: "image-view", decoding: "async" });
  }
  const canvas = el("canvas", { width: value.width, height: value.height, className: "image-view", role: "img", "aria-label": words });
  canvas.getContext("2d")?.putImageData(toImageData(value), 0, 0);
  return canvas;
}

/**
 * @param {Field} field @param {any} value Its answer, as `picture` takes it.
 * @returns {Promise<File>} A PNG; the stored file of a stored one.
 */
export async function pictureFile(field, value) {
  if (!isPixels(value)) return storedFile(field, /** @type {string} */ (addressOf(value)), "picture");
  const canvas = new OffscreenCanvas(value.width, value.height);
  canvas.getContext("2d")?.putImageData(toImageData(value), 0, 0);
  return asFile(field, await canvas.convertToBlob(), "png");
}

/** @param {ImagePayload | ImageData} payload RGB or RGBA. @returns {ImageData} */
function toImageData(payload) {
  if (payload instanceof ImageData) return payload;
  if (hasAlpha(payload)) return new ImageData(new Uint8ClampedArray(payload.data), payload.width, payload.height);
  const image = new ImageData(payload.width, payload.height);
  for (let from = 0, to = 0; from < payload.data.length; from += 3, to += 4) {
    image.data[to] = payload.data[from];
    image.data[to + 1] = payload.data[from + 1];
    image.data[to + 2] = payload.data[from + 2];
    image.data[to + 3] = 255;
  }
  return image;
}

/**
 * @param {any} value @param {ComponentConfig} config @returns {Promise<ImagePayload | null>}
 * @throws {FaultError} Not a picture, or one that cannot be used.
 */
export async function toPayload(value, config) {
  if (value === null || value === undefined) return null;
  const options = wishes(config);
  if (value instanceof Blob) return decodeFile(value, options);
  if (value instanceof ImageData || isDrawable(value)) return readDrawable(value, options);
  // Another demo's answer, say: laid over white, as a file would be.
  if (isPixels(value) && hasAlpha(value) && !options.alpha) return readDrawable(toImageData(value), { maxSide: null });
  if (isPixels(value)) return { width: value.width, height: value.height, data: value.data };
  const address = addressOf(value);
  if (typeof address !== "string") {
    throw new FaultError("input", `${config.label || "Image"}: ${Object.prototype.toString.call(value)} is not a picture.`,
      { hint: "Give a File, a Blob, a URL, an ImageData, an img or a canvas." });
  }
  const { blob, name } = await fetchFile(address, "picture");
  return decodeFile(blob, { ...options, name });
}

/** @param {any} value */
const isDrawable = (value) => [HTMLImageElement, HTMLCanvasElement, HTMLVideoElement, OffscreenCanvas, ImageBitmap]
  .some((kind) => value instanceof kind);

/** @param {ImagePayload | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => (payload === null ? null : toImageData(payload));

/** @param {any} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  if (value === null || value === undefined) return el("span", { className: "example-text", textContent: "(no picture)" });
  return el("img", { src: addressOf(value.thumbnail ?? value), alt: "", className: "example-picture", decoding: "async" });
}
