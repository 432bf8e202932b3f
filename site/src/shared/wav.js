/** Reads and writes WAV files, as `pageside/_sounds.py` does: the same samples, the same limits. */
import { FaultError } from "./fault.js";

/** @typedef {import("../protocol.d.ts").AudioPayload} AudioPayload */

export const LONGEST_S = 600;
const HEADER_BYTES = 44;
const EXTENSIBLE = 0xfffe;

/** @type {Record<string, (view: DataView, at: number) => number>} By "kind bits": one sample as int16. */
const DECODERS = {
  "1 8": (view, at) => (view.getUint8(at) - 128) << 8,
  "1 16": (view, at) => view.getInt16(at, true),
  "1 24": (view, at) => view.getInt16(at + 1, true),
  "1 32": (view, at) => view.getInt16(at + 2, true),
  "3 32": (view, at) => toInt16(view.getFloat32(at, true)),
  "3 64": (view, at) => toInt16(view.getFloat64(at, true)),
};

/** @param {number} value -1 to 1; what lies outside is cut, what is no number is silence. */
function toInt16(value) {
  const scaled = Math.max(-1, Math.min(1, value || 0)) * 32767;
  // Halves to the even neighbour, as NumPy rounds.
  const low = Math.floor(scaled);
  const rest = scaled - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** @param {Float32Array[]} planes One for each channel, equally long. @returns {Int16Array} Side by side. */
export function interleave(planes) {
  const [{ length }] = planes;
  const data = new Int16Array(length * planes.length);
  planes.forEach((plane, channel) => {
    for (let i = 0, to = channel; i < length; i++, to += planes.length) data[to] = toInt16(plane[i]);
  });
  return data;
}

/** @param {Uint8Array} bytes @param {number} at @returns {string} Four letters. */
const word = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** @param {Uint8Array} bytes */
export const isWav = (bytes) => word(bytes, 0) === "RIFF" && word(bytes, 8) === "WAVE";

/**
 * @param {Uint8Array} bytes A WAV file. @param {string} name
 * @returns {AudioPayload}
 * @throws {FaultError} Truncated, too long, or of a kind that nobody records in.
 */
export function parseWav(bytes, name) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { fmt, data } = chunks(bytes, view);
  if (!fmt || fmt.size < 16 || !data?.size) {
    throw new FaultError("input", `${name} is truncated: it holds no sound.`, { hint: "Choose another file." });
  }
  const { kind, channels, rate, frame, bits } = readFormat(view, fmt);
  const decode = DECODERS[`${kind} ${bits}`];
  if (!decode || !channels || !rate || frame !== (channels * bits) / 8) {
    throw new FaultError("input", `${name} is a WAV file of kind ${kind} with ${bits} bits.`, { hint: "Save it as PCM with 16 bits." });
  }
  const frames = Math.floor(data.size / frame);
  checkLength(frames / rate, name);
  const samples = new Int16Array(frames * channels);
  for (let i = 0, at = data.at; i < samples.length; i++, at += bits / 8) samples[i] = decode(view, at);
  return { rate, channels, data: samples };
}

/** @param {number} seconds @param {string} name @throws {FaultError} */
export function checkLength(seconds, name) {
  if (seconds <= LONGEST_S) return;
  throw new FaultError("input", `${name} is ${seconds.toFixed(0)} s long; ${LONGEST_S / 60} minutes is the most.`,
    { hint: "Cut a part out of it and choose that." });
}

/** @param {Uint8Array} bytes @param {DataView} view @returns {Record<string, {at: number, size: number}>} By name. */
function chunks(bytes, view) {
  /** @type {Record<string, {at: number, size: number}>} */
  const found = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    // The last one may be cut, or of a length that a recorder never filled in.
    found[word(bytes, at).trim()] = { at: at + 8, size: Math.min(size, bytes.length - at - 8) };
    at += 8 + size + (size % 2);
  }
  return found;
}

/** @param {DataView} view @param {{at: number, size: number}} fmt */
function readFormat(view, { at, size }) {
  const kind = view.getUint16(at, true);
  return {
    kind: kind === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : kind,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    frame: view.getUint16(at + 12, true),
    bits: view.getUint16(at + 14, true),
  };
}

/** @param {AudioPayload} payload @returns {Uint8Array<ArrayBuffer>} A WAV file, PCM with 16 bits. */
export function toWav({ rate, channels, data }) {
  const bytes = new Uint8Array(HEADER_BYTES + data.length * 2);
  const view = new DataView(bytes.buffer);
  /** @param {number} at @param {string} text */
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, data.length * 2, true);
  for (let i = 0; i < data.length; i++) view.setInt16(HEADER_BYTES + 2 * i, data[i], true);
  return bytes;
}
