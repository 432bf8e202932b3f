/** How far a tensor is from the one it should be. */

import { toNumbers } from "./dtype.js";

/** @typedef {import("./dtype.js").Tensor} Tensor */

/**
 * `problem` says why the two can't be compared (dtype, shape, NaN or infinity); it is empty where they can.
 * `scale` is how large the tensor is along the other one: 1 where it is as large.
 * @typedef {{cosine: number, relativeError: number, scale: number, problem: string}} Comparison
 */

/**
 * @param {Tensor} got
 * @param {Tensor} want
 * @returns {Comparison}
 */
export function compareTensors(got, want) {
  const problem = mismatch(got, want);
  if (problem) return { cosine: NaN, relativeError: NaN, scale: NaN, problem };
  const a = toNumbers(got.dtype, got.data);
  const b = toNumbers(want.dtype, want.data);
  const bad = firstNotFinite(a);
  if (bad >= 0) return { cosine: NaN, relativeError: NaN, scale: NaN, problem: `element ${bad} is ${a[bad]}` };
  return { cosine: cosine(a, b), relativeError: relativeError(a, b), scale: scale(a, b), problem: "" };
}

/**
 * @param {Tensor} got
 * @param {Tensor} want
 */
function mismatch(got, want) {
  if (got.dtype !== want.dtype) return `dtype ${got.dtype} in place of ${want.dtype}`;
  const [a, b] = [got.shape, want.shape].map((shape) => `(${shape.join(", ")})`);
  if (a !== b) return `shape ${a} in place of ${b}`;
  if (got.data.length !== want.data.length) return `${got.data.length} elements in place of ${want.data.length}`;
  return "";
}

/** @param {ArrayLike<number>} values */
function firstNotFinite(values) {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/**
 * Of the angle between two vectors; 1 for two zero vectors (or empty ones), 0 where only one is zero.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b of the same length
 */
export function cosine(a, b) {
  let dot = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0;
  return Math.max(-1, Math.min(1, dot / (Math.sqrt(aa) * Math.sqrt(bb))));
}

/**
 * The largest absolute difference, divided by the largest absolute value of `want`; 0 where nothing differs.
 * @param {ArrayLike<number>} got
 * @param {ArrayLike<number>} want of the same length
 */
export function relativeError(got, want) {
  let difference = 0, largest = 0;
  for (let i = 0; i < got.length; i++) {
    difference = Math.max(difference, Math.abs(got[i] - want[i]));
    largest = Math.max(largest, Math.abs(want[i]));
  }
  return difference === 0 ? 0 : difference / largest;
}

/**
 * The length of `got` along `want`, divided by that of `want`; 1 for two zero vectors.
 * @param {ArrayLike<number>} got
 * @param {ArrayLike<number>} want of the same length
 */
function scale(got, want) {
  let dot = 0, square = 0;
  for (let i = 0; i < got.length; i++) {
    dot += got[i] * want[i];
    square += want[i] * want[i];
  }
  return dot === square ? 1 : dot / square;
}

/**
 * @param {number[]} values
 * @returns {number | null} null of nothing
 */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
