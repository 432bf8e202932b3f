/**
 * Scaling by a whole factor: the mean over blocks of factor x factor pixels, as Pillow's `Image.reduce(factor)` computes
 * it, so that the page and native Python see the same pixels. Rows are added as they come, so that a caller can work in
 * slices that do not hold the page's thread.
 */

/** @param {number} width @param {number} height @param {number | null} maxSide @returns {number} 1 for "as it is". */
export function reduceFactor(width, height, maxSide) {
  return maxSide ? Math.max(1, Math.ceil(Math.max(width, height) / maxSide)) : 1;
}

/**
 * Where the blocks lie along one side.
 * @param {number} length In pixels. @param {number} factor
 * @param {boolean} fromEnd Whether whole blocks are counted from the far end: the picture will be mirrored afterwards.
 * @returns {{ index: Uint16Array, size: Uint16Array }} The block of each pixel, and the pixels in each block.
 */
export function blocks(length, factor, fromEnd = false) {
  const count = Math.ceil(length / factor);
  const shift = fromEnd ? count * factor - length : 0;
  const index = Uint16Array.from({ length }, (_, i) => Math.floor((i + shift) / factor));
  const size = new Uint16Array(count);
  for (const block of index) size[block] += 1;
  return { index, size };
}

/** @param {number} sum Of `count` bytes. @param {number} count @returns {number} With Pillow's own rounding. */
function pillowMean(sum, count) {
  const multiplier = Math.trunc(Math.fround(2 ** 32 / (256 * count)));
  return Math.floor(((sum + (count >> 1)) * multiplier) / 2 ** 24);
}

/** @param {number} value A colour. @param {number} alpha @returns {number} Their product, as Pillow and browsers round it. */
function share(value, alpha) {
  const product = value * alpha + 128;
  return (product + (product >> 8)) >> 8;
}

/**
 * Takes RGBA rows from top to bottom and gives RGB blocks, alpha laid over white; with `alpha` RGBA blocks, whose colours are
 * means of what is seen of each pixel.
 */
export class BlockReducer {
  /** @param {{ width: number, height: number, factor: number, fromRight?: boolean, fromBottom?: boolean, alpha?: boolean }} options */
  constructor({ width, height, factor, fromRight = false, fromBottom = false, alpha = false }) {
    this.channels = alpha ? 4 : 3;
    this.columns = blocks(width, factor, fromRight);
    this.rows = blocks(height, factor, fromBottom);
    this.sourceWidth = width;
    this.width = this.columns.size.length;
    this.height = this.rows.size.length;
    /** RGB or RGBA, row by row. */
    this.data = new Uint8Array(this.width * this.height * this.channels);
    this.sums = new Uint32Array(this.width * this.channels);
    this.next = 0;
    this.filled = 0;
  }

  /**
   * @param {Uint8Array | Uint8ClampedArray} source
   * @param {number} count How many rows.
   * @param {{ offset?: number, stride?: number, order?: [number, number, number, number | null] }} [layout] Byte offset of the
   *   first row, bytes from row to row, and where red, green, blue and alpha stand in a pixel (null: no alpha).
   */
  addRows(source, count, { offset = 0, stride = this.sourceWidth * 4, order = [0, 1, 2, 3] } = {}) {
    for (let row = 0; row < count; row += 1) {
      this.#addRow(source, offset + row * stride, order);
      this.filled += 1;
      this.next += 1;
      if (this.filled === this.rows.size[this.rows.index[this.next - 1]]) this.#finishBlocks();
    }
  }

  /** @param {Uint8Array | Uint8ClampedArray} source @param {number} start @param {[number, number, number, number | null]} order */
  #addRow(source, start, [red, green, blue, alpha]) {
    const { sums, sourceWidth, channels } = this;
    const { index } = this.columns;
    for (let x = 0, p = start; x < sourceWidth; x += 1, p += 4) {
      const at = index[x] * channels;
      const a = alpha === null ? 255 : source[p + alpha];
      if (channels === 4) {
        sums[at] += share(source[p + red], a);
        sums[at + 1] += share(source[p + green], a);
        sums[at + 2] += share(source[p + blue], a);
        sums[at + 3] += a;
        continue;
      }
      if (a === 255) {
        sums[at] += source[p + red];
        sums[at + 1] += source[p + green];
        sums[at + 2] += source[p + blue];
        continue;
      }
      const scale = a / 255;
      sums[at] += Math.round(source[p + red] * scale + 255 - a);
      sums[at + 1] += Math.round(source[p + green] * scale + 255 - a);
      sums[at + 2] += Math.round(source[p + blue] * scale + 255 - a);
    }
  }

  #finishBlocks() {
    const { sums, data, width, channels } = this;
    const block = this.rows.index[this.next - 1];
    for (let x = 0, out = block * width * channels; x < width; x += 1, out += channels) {
      const count = this.columns.size[x] * this.filled;
      for (let c = 0; c < channels; c += 1) data[out + c] = pillowMean(sums[x * channels + c], count);
      const a = channels === 4 ? data[out + 3] : 255;
      if (a !== 0 && a !== 255) {
        for (let c = 0; c < 3; c += 1) data[out + c] = Math.min(255, Math.floor((255 * data[out + c] + (a >> 1)) / a));
      }
    }
    sums.fill(0);
    this.filled = 0;
  }
}

/**
 * @param {Uint8Array | Uint8ClampedArray} rgba
 * @param {number} width @param {number} height @param {number} factor @param {boolean} [alpha] Whether it is kept.
 * @returns {import("../protocol.d.ts").ImagePayload}
 */
export function reduceRgba(rgba, width, height, factor, alpha = false) {
  const reducer = new BlockReducer({ width, height, factor, alpha });
  reducer.addRows(rgba, height);
  return { width: reducer.width, height: reducer.height, data: reducer.data };
}

/**
 * One plane of a YUV picture, whose samples may stand for several pixels (`subX` x `subY`, each 1 or 2). Sums of pixels:
 * a sample counts as often as it has pixels in the block.
 */
export class PlaneReducer {
  /** @param {{ columns: ReturnType<typeof blocks>, rows: ReturnType<typeof blocks>, subX: number, subY: number }} options */
  constructor({ columns, rows, subX, subY }) {
    this.rows = rows;
    this.subY = subY;
    /** Rows of the plane. */
    this.height = Math.ceil(rows.index.length / subY);
    this.width = Math.ceil(columns.index.length / subX);
    /** Each sample's block, and the block of its last pixel where the two differ. */
    this.first = Uint16Array.from({ length: this.width }, (_, i) => columns.index[i * subX]);
    const last = columns.index.length - 1;
    this.second = Uint16Array.from({ length: this.width }, (_, i) => columns.index[Math.min(last, i * subX + subX - 1)]);
    this.double = subX === 2;
    /** An odd side ends in a sample of one pixel. */
    this.single = subX === 2 && columns.index.length % 2 === 1;
    this.sums = new Float64Array(columns.size.length * rows.size.length);
    this.line = new Uint32Array(columns.size.length);
  }

  /** @param {Uint8Array} source @param {number} row Of the plane. @param {number} start Its byte offset. */
  addRow(source, row, start) {
    const { line, sums, subY } = this;
    line.fill(0);
    if (this.double) this.#sumPairs(source, start);
    else this.#sumSamples(source, start);
    const last = Math.min((row + 1) * subY, this.rows.index.length);
    for (let y = row * subY; y < last; y += 1) {
      const out = this.rows.index[y] * line.length;
      for (let x = 0; x < line.length; x += 1) sums[out + x] += line[x];
    }
  }

  /** @param {Uint8Array} source @param {number} start */
  #sumSamples(source, start) {
    const { line, first, width } = this;
    let sum = 0;
    let block = 0;
    for (let x = 0; x < width; x += 1) {
      if (first[x] !== block) {
        line[block] = sum;
        sum = 0;
        block = first[x];
      }
      sum += source[start + x];
    }
    line[block] = sum;
  }

  /** @param {Uint8Array} source @param {number} start */
  #sumPairs(source, start) {
    const { line, first, second, width } = this;
    for (let x = 0; x < width; x += 1) {
      const value = source[start + x];
      line[first[x]] += value;
      line[second[x]] += value;
    }
    if (this.single) line[second[width - 1]] -= source[start + width - 1];
  }
}

/**
 * JPEG's own colours (full-range BT.601) from sums over blocks. Colour is a linear function of Y, Cb and Cr, so the mean
 * may be taken first and the far fewer blocks converted after it.
 * @param {[Float64Array, Float64Array, Float64Array]} sums
 * @param {Uint16Array} columns Pixels in each block. @param {Uint16Array} rows
 * @returns {Uint8Array} RGB
 */
export function yuvSumsToRgb([luma, blue, red], columns, rows) {
  const rgb = new Uint8ClampedArray(luma.length * 3);
  for (let y = 0, i = 0; y < rows.length; y += 1) {
    for (let x = 0; x < columns.length; x += 1, i += 1) {
      const count = columns[x] * rows[y];
      const [l, cb, cr] = [luma[i] / count, blue[i] / count - 128, red[i] / count - 128];
      rgb[i * 3] = l + 1.402 * cr;
      rgb[i * 3 + 1] = l - 0.344136 * cb - 0.714136 * cr;
      rgb[i * 3 + 2] = l + 1.772 * cb;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** EXIF orientations: does the upright picture swap its sides, and which stored side is mirrored before that? */
const ORIENTATIONS = [
  { swap: false, mirrorX: false, mirrorY: false },
  { swap: false, mirrorX: true, mirrorY: false },
  { swap: false, mirrorX: true, mirrorY: true },
  { swap: false, mirrorX: false, mirrorY: true },
  { swap: true, mirrorX: false, mirrorY: false },
  { swap: true, mirrorX: false, mirrorY: true },
  { swap: true, mirrorX: true, mirrorY: true },
  { swap: true, mirrorX: true, mirrorY: false },
];

/** @param {number} orientation EXIF's, 1 to 8. */
export const orientationSteps = (orientation) => ORIENTATIONS[orientation - 1];

/**
 * @param {import("../protocol.d.ts").ImagePayload} image As stored.
 * @param {number} orientation EXIF's, 1 to 8.
 * @returns {import("../protocol.d.ts").ImagePayload} Upright.
 */
export function turnUpright(image, orientation) {
  if (orientation === 1) return image;
  const { swap, mirrorX, mirrorY } = orientationSteps(orientation);
  const width = swap ? image.height : image.width;
  const height = swap ? image.width : image.height;
  const data = new Uint8Array(image.data.length);
  for (let y = 0, out = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, out += 3) {
      const [column, row] = swap ? [y, x] : [x, y];
      const sourceX = mirrorX ? image.width - 1 - column : column;
      const sourceY = mirrorY ? image.height - 1 - row : row;
      const from = (sourceY * image.width + sourceX) * 3;
      data[out] = image.data[from];
      data[out + 1] = image.data[from + 1];
      data[out + 2] = image.data[from + 2];
    }
  }
  return { width, height, data };
}
