/**
 * From a picture in any form to the pixels that the maker's function gets: upright, RGB with alpha over white or RGBA, colour
 * profile ignored, reduced by a whole factor. A large picture takes the road of WebCodecs where the browser has it, because there
 * nothing touches the page's thread for long; everything else goes through a canvas, slice by slice, and is exact.
 */
import { FaultError } from "../shared/fault.js";
import { checkImageFile, checkSize } from "../shared/image-header.js";
import { BlockReducer, PlaneReducer, blocks, orientationSteps, reduceFactor, turnUpright, yuvSumsToRgb } from "../shared/reduce.js";

/** @typedef {import("../protocol.d.ts").ImagePayload} ImagePayload */
/** @typedef {import("../shared/image-header.js").ImageHeader} ImageHeader */
/** @typedef {HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | ImageBitmap | ImageData | HTMLVideoElement} Drawable */

/** Work on the page's thread stops this often, in milliseconds, so that the page stays alive. */
const SLICE_MS = 12;
/** A picture of more pixels takes the quicker road, whose means are off by a few of 255 where colours are saturated. */
const EXACT_PIXELS = 6_000_000;
/** Pixels that a canvas hands out at once: about 10 ms of copying on a slow machine. */
const SLICE_PIXELS = 500_000;

/** @returns {Promise<void>} After the page's thread has had a chance to do something else; sooner than a timer. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Gives the page's thread away when its slice of time is used up. */
class Slices {
  constructor() {
    this.started = performance.now();
  }

  /** @returns {Promise<void> | undefined} Nothing to wait for within the slice. */
  rest() {
    if (performance.now() - this.started < SLICE_MS) return undefined;
    return nextTask().then(() => {
      this.started = performance.now();
    });
  }
}

/**
 * @param {Blob} blob
 * @param {{ maxSide: number | null, alpha?: boolean, name?: string }} options `maxSide` in pixels; null leaves the size as it
 *   is. `alpha` keeps what is transparent.
 * @returns {Promise<ImagePayload>}
 * @throws {FaultError} The file cannot be used; the message says why.
 */
export async function decodeFile(blob, { maxSide, alpha = false, name }) {
  const called = name ?? (/** @type {File} */ (blob).name || "The picture");
  const bytes = new Uint8Array(await readAll(blob, called));
  const header = checkImageFile(bytes, called);
  try {
    const factor = reduceFactor(header.width, header.height, maxSide);
    const isLarge = header.width * header.height > EXACT_PIXELS;
    const quick = factor > 1 && isLarge && !alpha ? await decodeWithCodecs(bytes, header, factor) : null;
    return quick ?? (await decodeWithCanvas(new Blob([bytes]), { maxSide, alpha, name: called }));
  } catch (error) {
    if (error instanceof FaultError) throw error;
    throw undecodable(called, header);
  }
}

/** @param {Blob} blob @param {string} name */
function readAll(blob, name) {
  return blob.arrayBuffer().catch((error) => {
    throw new FaultError("input", `${name} cannot be read: ${error.message}.`,
      { hint: "It may have been moved or changed since it was chosen; choose it again." });
  });
}

/** @param {string} name @param {ImageHeader} header */
function undecodable(name, { format }) {
  const message = format === "HEIC" || format === "AVIF"
    ? `${name} is ${format === "HEIC" ? "a HEIC" : "an AVIF"} picture, which this browser cannot open.`
    : `${name} cannot be decoded: its ${format} data is damaged.`;
  const hint = format === "HEIC"
    ? "Save it as JPEG and choose that file; on an iPhone, set Camera, Formats, Most Compatible."
    : "Open it in another program and save it again as JPEG or PNG.";
  return new FaultError("input", message, { hint });
}

/**
 * @param {Blob} blob
 * @param {{ maxSide: number | null, alpha: boolean, name: string }} options
 * @returns {Promise<ImagePayload>}
 */
async function decodeWithCanvas(blob, { maxSide, alpha, name }) {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  try {
    checkSize(bitmap.width, bitmap.height, name);
    return await readDrawable(bitmap, { maxSide, alpha });
  } finally {
    bitmap.close();
  }
}

/**
 * @param {Drawable} source
 * @param {{ maxSide: number | null, alpha?: boolean }} options As of `decodeFile`.
 * @returns {Promise<ImagePayload>}
 */
export async function readDrawable(source, { maxSide, alpha = false }) {
  // It is read in slices, with rests; a video goes on meanwhile.
  if (source instanceof HTMLVideoElement) {
    const still = await createImageBitmap(source);
    return readDrawable(still, { maxSide, alpha }).finally(() => still.close());
  }
  const { width, height } = sizeOf(source);
  const factor = reduceFactor(width, height, maxSide);
  const reducer = new BlockReducer({ width, height, factor, alpha });
  const slices = new Slices();
  const step = Math.min(height, Math.max(1, Math.floor(SLICE_PIXELS / width)));
  const read = rowReader(source, width, step);
  for (let y = 0; y < height; y += step) {
    const count = Math.min(step, height - y);
    reducer.addRows(read(y, count), count);
    await slices.rest();
  }
  return { width: reducer.width, height: reducer.height, data: reducer.data };
}

/** @param {Drawable} source @returns {{ width: number, height: number }} */
function sizeOf(source) {
  if (source instanceof HTMLImageElement) return { width: source.naturalWidth, height: source.naturalHeight };
  return { width: source.width, height: source.height };
}

/**
 * @param {Drawable} source @param {number} width @param {number} rows At most.
 * @returns {(y: number, count: number) => Uint8ClampedArray} RGBA of `count` rows from `y` on.
 */
function rowReader(source, width, rows) {
  if (source instanceof ImageData) return (y, count) => source.data.subarray(y * width * 4, (y + count) * width * 4);
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new FaultError("memory", "The browser gave no memory for a canvas.");
  return (y, count) => {
    context.clearRect(0, 0, width, rows);
    context.drawImage(source, 0, -y);
    return context.getImageData(0, 0, width, count).data;
  };
}

// ---------------------------------------------------------------------------------------------- WebCodecs

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {ImageHeader} header
 * @param {number} factor
 * @returns {Promise<ImagePayload | null>} null where this browser has no such decoder, or one whose answer we cannot use.
 */
async function decodeWithCodecs(bytes, header, factor) {
  if (!("ImageDecoder" in globalThis)) return null;
  const type = `image/${header.format.toLowerCase()}`;
  if (!(await ImageDecoder.isTypeSupported(type))) return null;
  const scale = decoderScale(header, factor);
  const desired = scale > 1
    ? { desiredWidth: Math.ceil(header.width / scale), desiredHeight: Math.ceil(header.height / scale) } : {};
  const decoder = new ImageDecoder({ data: bytes, type, colorSpaceConversion: "none", ...desired });
  try {
    const { image } = await decoder.decode({ frameIndex: 0, completeFramesOnly: true });
    try {
      return await reduceFrame(image, header, factor);
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/**
 * How much of the factor a JPEG decoder can take on itself: it leaves out the fine part of each block of 8 x 8, which is
 * close to the mean (cosine 0.99997 measured against the exact one) and makes decoding cheaper, not dearer.
 * @param {ImageHeader} header @param {number} factor
 * @returns {number} 1, 2, 4 or 8
 */
function decoderScale({ format, width, height, orientation }, factor) {
  if (format !== "JPEG") return 1;
  // Mirrored, the first whole block must lie at the far edge; the decoder's lie at the near one.
  const fits = (/** @type {number} */ scale) => orientation === 1 || (width % scale === 0 && height % scale === 0);
  return [8, 4, 2].find((scale) => factor % scale === 0 && fits(scale)) ?? 1;
}

/** The degrees that a frame says of itself, by EXIF orientation. */
const FRAME_TURNS = [0, 0, 180, 180, 90, 90, 270, 270];

/**
 * @param {VideoFrame} frame @param {ImageHeader} header @param {number} factor
 * @returns {Promise<ImagePayload | null>}
 */
async function reduceFrame(frame, header, factor) {
  const { rotation = 0, flip = false } = /** @type {{ rotation?: number, flip?: boolean }} */ (/** @type {any} */ (frame));
  const turn = FRAME_TURNS[header.orientation - 1];
  const scaled = Math.max(1, Math.round(header.width / frame.codedWidth));
  const sized = frame.codedWidth === Math.ceil(header.width / scaled) && frame.codedHeight === Math.ceil(header.height / scaled);
  const asExpected = rotation === turn && flip === [2, 4, 5, 7].includes(header.orientation);
  if (!sized || factor % scaled !== 0 || !asExpected) return null;
  const { mirrorX, mirrorY } = orientationSteps(header.orientation);
  const job = { frame, factor: factor / scaled, fromRight: mirrorX, fromBottom: mirrorY };
  const reduced = PLANES[frame.format ?? ""] ? await reducePlanes(job) : await reducePixels(job);
  await nextTask();
  return reduced && turnUpright(reduced, header.orientation);
}

/** @typedef {{ frame: VideoFrame, factor: number, fromRight: boolean, fromBottom: boolean }} FrameJob */

/** How many pixels a colour sample stands for, by the frame's format. @type {Record<string, [number, number]>} */
const PLANES = { I420: [2, 2], I422: [2, 1], I444: [1, 1] };

/** @param {FrameJob} job @returns {Promise<ImagePayload | null>} */
async function reducePlanes({ frame, factor, fromRight, fromBottom }) {
  if (frame.colorSpace.fullRange !== true) return null;
  const { data, layout } = await copyFrame(frame);
  const columns = blocks(frame.codedWidth, factor, fromRight);
  const rows = blocks(frame.codedHeight, factor, fromBottom);
  const [subX, subY] = PLANES[frame.format ?? ""];
  const slices = new Slices();
  /** @type {Float64Array[]} */
  const sums = [];
  for (const [index, { offset, stride }] of layout.entries()) {
    const plane = new PlaneReducer({ columns, rows, subX: index ? subX : 1, subY: index ? subY : 1 });
    for (let row = 0; row < plane.height; row += 1) {
      plane.addRow(data, row, offset + row * stride);
      if (row % 16 === 15) await slices.rest();
    }
    sums.push(plane.sums);
  }
  await nextTask();
  const rgb = yuvSumsToRgb(/** @type {[Float64Array, Float64Array, Float64Array]} */ (sums), columns.size, rows.size);
  return { width: columns.size.length, height: rows.size.length, data: rgb };
}

/** Where red, green, blue and alpha stand. @type {Record<string, [number, number, number, number | null]>} */
const PIXELS = { RGBA: [0, 1, 2, 3], RGBX: [0, 1, 2, null], BGRA: [2, 1, 0, 3], BGRX: [2, 1, 0, null] };

/** @param {FrameJob} job @returns {Promise<ImagePayload | null>} */
async function reducePixels({ frame, factor, fromRight, fromBottom }) {
  const order = PIXELS[frame.format ?? ""];
  if (!order) return null;
  const { data, layout: [{ offset, stride }] } = await copyFrame(frame);
  const [width, height] = [frame.codedWidth, frame.codedHeight];
  const reducer = new BlockReducer({ width, height, factor, fromRight, fromBottom });
  const slices = new Slices();
  for (let row = 0; row < height; row += 1) {
    reducer.addRows(data, 1, { offset: offset + row * stride, order });
    if (row % 16 === 15) await slices.rest();
  }
  return { width: reducer.width, height: reducer.height, data: reducer.data };
}

/** @param {VideoFrame} frame In its own format: any other is converted on the page's thread. */
async function copyFrame(frame) {
  const rect = { x: 0, y: 0, width: frame.codedWidth, height: frame.codedHeight };
  const data = new Uint8Array(frame.allocationSize({ rect }));
  return { data, layout: await frame.copyTo(data, { rect }) };
}
