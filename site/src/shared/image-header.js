/**
 * What a picture file says about itself, read from its bytes before anything decodes it: browsers decode half a JPEG
 * without a word, and a picture of 200 megapixels takes the tab down before it fails.
 */
import { FaultError } from "./fault.js";
import { formatBytes } from "./format.js";

export const MAX_MEGAPIXELS = 40;

/**
 * @typedef {object} ImageHeader
 * @property {"JPEG" | "PNG" | "WebP" | "GIF" | "BMP" | "AVIF" | "HEIC"} format
 * @property {number} width In pixels, as stored; 0 where the file does not say.
 * @property {number} height
 * @property {number} orientation EXIF's, 1 to 8; read for JPEG only, 1 elsewhere.
 * @property {boolean} complete Whether the file ends where its format says that it does.
 */

/** @param {string} message @param {string} hint */
const inputFault = (message, hint) => new FaultError("input", message, { hint });

/** Raised while reading past the end: the file is shorter than its own structure. */
class EndOfFile extends Error {}

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @param {number} offset @param {number} count */
  need(offset, count) {
    if (offset + count > this.bytes.length) throw new EndOfFile();
  }

  /** @param {number} offset */
  u8(offset) {
    this.need(offset, 1);
    return this.view.getUint8(offset);
  }

  /** @param {number} offset @param {boolean} [little] */
  u16(offset, little = false) {
    this.need(offset, 2);
    return this.view.getUint16(offset, little);
  }

  /** @param {number} offset */
  u24(offset) {
    return this.u16(offset, true) + this.u8(offset + 2) * 65536;
  }

  /** @param {number} offset @param {boolean} [little] */
  u32(offset, little = false) {
    this.need(offset, 4);
    return this.view.getUint32(offset, little);
  }

  /** @param {number} offset @param {number} count */
  ascii(offset, count) {
    return String.fromCharCode(...this.bytes.subarray(offset, offset + count));
  }
}

/** @param {ImageHeader["format"]} format @returns {ImageHeader} */
const emptyHeader = (format) => ({ format, width: 0, height: 0, orientation: 1, complete: false });

/**
 * @param {Reader} read @param {ImageHeader} header
 * Walks the markers. Scan data is searched for its end: FF 00 and FF D0 to D7 belong to the data.
 */
function readJpeg(read, header) {
  let at = 2;
  for (;;) {
    at = read.bytes.indexOf(0xff, at);
    if (at < 0) throw new EndOfFile();
    const marker = read.u8(at + 1);
    if (marker === 0xd9) break;
    if (marker === 0xff) at += 1;
    else if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      readJpegSegment(read, header, at);
      at += 2 + read.u16(at + 2);
    }
  }
}

/** @param {Reader} read @param {ImageHeader} header @param {number} at */
function readJpegSegment(read, header, at) {
  const marker = read.u8(at + 1);
  const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
  if (isFrame && header.width === 0) {
    header.height = read.u16(at + 5);
    header.width = read.u16(at + 7);
  } else if (marker === 0xe1 && read.ascii(at + 4, 6) === "Exif\0\0") {
    header.orientation = exifOrientation(read, at + 10, at + 2 + read.u16(at + 2));
  }
}

/** @param {Reader} read @param {number} tiff @param {number} end @returns {number} 1 where EXIF does not say. */
function exifOrientation(read, tiff, end) {
  if (tiff + 8 > end) return 1;
  const little = read.ascii(tiff, 2) === "II";
  const ifd = tiff + read.u32(tiff + 4, little);
  if (ifd + 2 > end) return 1;
  const count = read.u16(ifd, little);
  for (let i = 0; i < count && ifd + 14 + 12 * i <= end; i += 1) {
    const entry = ifd + 2 + 12 * i;
    if (read.u16(entry, little) !== 0x0112) continue;
    const value = read.u16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** @param {Reader} read @param {ImageHeader} header */
function readPng(read, header) {
  header.width = read.u32(16);
  header.height = read.u32(20);
  for (let at = 8; ; ) {
    const next = at + 12 + read.u32(at);
    read.need(at, next - at);
    if (read.ascii(at + 4, 4) === "IEND") return;
    at = next;
  }
}

/** @param {Reader} read @param {ImageHeader} header */
function readWebp(read, header) {
  const kind = read.ascii(12, 4);
  if (kind === "VP8X") {
    header.width = read.u24(24) + 1;
    header.height = read.u24(27) + 1;
  } else if (kind === "VP8L") {
    const bits = read.u32(21, true);
    header.width = (bits & 0x3fff) + 1;
    header.height = ((bits >>> 14) & 0x3fff) + 1;
  } else {
    header.width = read.u16(26, true) & 0x3fff;
    header.height = read.u16(28, true) & 0x3fff;
  }
  read.need(8, read.u32(4, true));
}

/** @param {Reader} read @param {ImageHeader} header Complete when its first picture is: no other is used. */
function readGif(read, header) {
  header.width = read.u16(6, true);
  header.height = read.u16(8, true);
  /** @param {number} at The flags byte of a colour table. @returns {number} bytes */
  const table = (at) => (read.u8(at) & 0x80 ? 3 * 2 ** ((read.u8(at) & 7) + 1) : 0);
  let at = 13 + table(10);
  while (read.u8(at) === 0x21) at = skipBlocks(read, at + 2);
  if (read.u8(at) === 0x2c) skipBlocks(read, at + 11 + table(at + 9));
}

/** @param {Reader} read @param {number} at @returns {number} The offset after GIF's data blocks and their end. */
function skipBlocks(read, at) {
  let next = at;
  while (read.u8(next) !== 0) next += 1 + read.u8(next);
  return next + 1;
}

/** @param {Reader} read @param {ImageHeader} header */
function readBmp(read, header) {
  const oldHeader = read.u32(14, true) === 12;
  header.width = oldHeader ? read.u16(18, true) : read.u32(18, true);
  header.height = oldHeader ? read.u16(20, true) : Math.abs(read.u32(22, true) | 0);
  read.need(0, read.u32(2, true));
}

/** @param {Reader} read @param {ImageHeader} header The largest `ispe` box has the size of the whole picture. */
function readHeif(read, header) {
  for (let at = read.bytes.indexOf(0x69); at >= 0 && at < 65536; at = read.bytes.indexOf(0x69, at + 1)) {
    if (read.ascii(at, 4) !== "ispe" || at + 16 > read.bytes.length) continue;
    const [width, height] = [read.u32(at + 8), read.u32(at + 12)];
    if (width * height > header.width * header.height) Object.assign(header, { width, height });
  }
  for (let at = 0; at < read.bytes.length; ) {
    const size = read.u32(at);
    if (size === 0) return;
    if (size === 1) at += read.u32(at + 8) * 2 ** 32 + read.u32(at + 12);
    else if (size < 8) throw new EndOfFile();
    else at += size;
    read.need(at, 0);
  }
}

const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];

/** How a file begins; in BMP the size of its header, which has a few values, tells it from text that begins with BM. */
const SIGNATURES = /** @type {[ImageHeader["format"], RegExp][]} */ ([
  ["JPEG", /^\xff\xd8\xff/], ["PNG", /^\x89PNG\r\n\x1a\n/], ["WebP", /^RIFF[^]{4}WEBP/], ["GIF", /^GIF8[79]a/],
  ["BMP", /^BM[^]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]/],
]);

/** @param {Reader} read @returns {ImageHeader["format"] | null} */
function sniffFormat(read) {
  const head = read.ascii(0, 15);
  const known = SIGNATURES.find(([, signature]) => signature.test(head));
  if (known) return known[0];
  if (head.slice(4, 8) !== "ftyp") return null;
  /** @type {string[]} */
  const brands = read.ascii(8, Math.min(read.u32(0), 128) - 8).match(/.{4}/gs) ?? [];
  if (brands.includes("avif") || brands.includes("avis")) return "AVIF";
  return brands.some((brand) => HEIC_BRANDS.includes(brand)) ? "HEIC" : null;
}

const READERS = {
  JPEG: readJpeg, PNG: readPng, WebP: readWebp, GIF: readGif, BMP: readBmp, AVIF: readHeif, HEIC: readHeif,
};

/**
 * @param {Uint8Array} bytes The whole file.
 * @returns {ImageHeader | null} null when these are not the bytes of a picture that we know.
 */
export function readImageHeader(bytes) {
  const read = new Reader(bytes);
  const format = sniffFormat(read);
  if (format === null) return null;
  const header = emptyHeader(format);
  try {
    READERS[format](read, header);
    header.complete = true;
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
  }
  return header;
}

const OTHER_FORMATS = /** @type {const} */ ([
  ["%PDF", "a PDF document"], ["PK\x03\x04", "a ZIP archive"], ["II*\0", "a TIFF picture"], ["MM\0*", "a TIFF picture"],
  ["\x00\x00\x00\x0cJXL ", "a JPEG XL picture"], ["\xff\x0a", "a JPEG XL picture"], ["\x1f\x8b", "a gzip archive"],
]);

/** @param {Uint8Array} bytes @returns {string} What these bytes are instead, as the end of "It is ...". */
function describeOther(bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const known = OTHER_FORMATS.find(([magic]) => head.startsWith(magic));
  if (known) return known[1];
  if (/<svg[\s>]/i.test(head)) return "an SVG drawing";
  const text = new TextDecoder().decode(bytes.subarray(0, 64));
  // A character cut in two at the end of the sample is still text.
  const isText = !/[\x00-\x08\x0e-\x1f\x7f]|\ufffd(?!$)/.test(text);
  if (isText) return `text, and begins with "${text.trim().replace(/\s+/g, " ").slice(0, 24)}"`;
  return `of an unknown kind, and begins with ${Array.from(bytes.subarray(0, 4), hex).join(" ")}`;
}

/** @param {number} byte */
const hex = (byte) => byte.toString(16).padStart(2, "0");

/** @param {number} width @param {number} height @returns {string} As "50.0 megapixels (10000 x 5000)". */
function describeSize(width, height) {
  return `${((width * height) / 1e6).toFixed(1)} megapixels (${width} x ${height})`;
}

/**
 * @param {number} width @param {number} height @param {string} name
 * @throws {FaultError} Over the limit of 40 megapixels.
 */
export function checkSize(width, height, name) {
  if (width * height <= MAX_MEGAPIXELS * 1e6) return;
  throw inputFault(`${name} has ${describeSize(width, height)}; the limit is ${MAX_MEGAPIXELS} megapixels.`,
    "Make the picture smaller, for example 4000 pixels wide, and choose it again.");
}

/**
 * @param {Uint8Array} bytes The whole file.
 * @param {string} name Of the file, for the message.
 * @returns {ImageHeader}
 * @throws {FaultError} Empty, not a picture, cut off, or too large.
 */
export function checkImageFile(bytes, name) {
  if (bytes.length === 0) {
    throw inputFault(`${name} is empty: it has 0 bytes.`, "Save or download the picture again, then choose it here.");
  }
  const header = readImageHeader(bytes);
  if (header === null) {
    const kinds = "JPEG, PNG, WebP, GIF, BMP or AVIF";
    throw inputFault(`${name} is not a picture that can be read here: it is ${describeOther(bytes)}.`,
      `Choose a ${kinds} file.`);
  }
  checkSize(header.width, header.height, name);
  if (!header.complete) {
    throw inputFault(`${name} is cut off: the ${header.format} file ends early, after ${formatBytes(bytes.length)}.`,
      "Copy or download the picture again; this copy is not whole.");
  }
  return header;
}
