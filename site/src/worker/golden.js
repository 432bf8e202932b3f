/** The golden check: a model on this device against the outputs that the build recorded. */

import { compareTensors } from "../shared/compare.js";
import { fromBytes } from "../shared/dtype.js";

/** @typedef {import("./assets.js").Assets} Assets */
/** @typedef {import("../shared/dtype.js").Tensor} Tensor */
/** @typedef {import("./session.js").Tensors} Tensors */
/** @typedef {import("../protocol.js").ModelEntry} ModelEntry */
/** @typedef {import("../protocol.js").TensorFile} TensorFile */
/** One recorded call. @typedef {{inputs: Tensors, native: Tensors, pytorch: Tensors}} Call */

/** So far an output may be from native onnxruntime's size, whatever a variant's own tolerance. */
const SCALE = 0.02;
/** The build writes a variant's distance from PyTorch with so many digits. */
const ROUNDED = 1.001;

/**
 * @typedef {object} Verdict
 * @property {string} problem why the model is not right here; empty when it is
 * @property {number | null} cosine lowest, against PyTorch
 * @property {number | null} relativeError largest, against native onnxruntime with the same variant
 * @property {number[]} milliseconds of each call
 */

/**
 * @param {Assets} assets
 * @param {ModelEntry} model
 * @param {string} variant
 * @returns {Promise<Call[]>}
 */
export async function loadCalls(assets, model, variant) {
  return Promise.all(model.golden.map(async (golden) => {
    const [inputs, native, pytorch] = await Promise.all(
      [golden.inputs, golden.variants[variant] ?? {}, golden.outputs].map((files) => loadTensors(assets, files)));
    return { inputs, native, pytorch };
  }));
}

/**
 * The first golden call's inputs at the size that the demo's calls have: what they hold, again and again along each axis.
 * @param {Tensors} inputs
 * @param {Record<string, number[]>} shapes
 * @returns {Tensors}
 */
export function atUsualSize(inputs, shapes) {
  const sized = Object.entries(shapes).map(([name, shape]) =>
    [name, shape.reduce((tensor, size, axis) => repeatAlong(tensor, size, axis), inputs[name])]);
  return { ...inputs, ...Object.fromEntries(sized) };
}

/**
 * @param {Tensor} tensor with something along each axis
 * @param {number} size of the axis
 * @param {number} axis
 * @returns {Tensor}
 */
function repeatAlong({ dtype, shape, data }, size, axis) {
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const [old, wide] = [shape[axis] * inner, size * inner];
  const repeated = new (/** @type {Float32ArrayConstructor} */ (data.constructor))((data.length / old) * wide);
  for (let from = 0, to = 0; from < data.length; from += old, to += wide) {
    for (let at = 0; at < wide; at += old) {
      repeated.set(/** @type {Float32Array} */ (data).subarray(from, from + Math.min(old, wide - at)), to + at);
    }
  }
  return { dtype, shape: shape.map((length, other) => (other === axis ? size : length)), data: repeated };
}

/**
 * @param {Assets} assets
 * @param {Record<string, TensorFile>} files
 * @returns {Promise<Tensors>}
 */
export async function loadTensors(assets, files) {
  const entries = await Promise.all(Object.entries(files).map(async ([name, { dtype, shape, file }]) =>
    [name, { dtype, shape, data: fromBytes(dtype, await assets.load("model", file)) }]));
  return Object.fromEntries(entries);
}

/**
 * Runs every golden call and stops at the first miss.
 * @param {Call[]} calls
 * @param {ModelEntry} model
 * @param {(inputs: Tensors) => Promise<Tensors>} run
 * @param {Partial<Pick<import("../protocol.js").Variant, "tolerance" | "golden_error">>} [variant]
 * @returns {Promise<Verdict>}
 */
export async function check(calls, model, run, { tolerance = model.tolerance, golden_error: farthest = Infinity } = {}) {
  /** @type {Verdict} */
  const verdict = { problem: "", cosine: null, relativeError: null, milliseconds: [] };
  if (!calls.length) verdict.problem = `${model.name}: the bundle has no golden call to check it with`;
  for (const [index, call] of calls.entries()) {
    const start = performance.now();
    const outputs = await run(call.inputs);
    verdict.milliseconds.push(performance.now() - start);
    for (const { name } of model.outputs) {
      const recorded = { native: call.native[name], pytorch: call.pytorch[name] };
      const problem = compare(verdict, { ...tolerance, farthest }, { got: outputs[name], ...recorded });
      if (problem) verdict.problem = `${model.name}, golden call ${index + 1}, output ${name}: ${problem}`;
      if (problem) return verdict;
    }
  }
  return verdict;
}

/**
 * @param {Verdict} verdict updated
 * @param {import("../protocol.js").Tolerance & {farthest: number}} tolerance
 * @param {Record<"got" | "native" | "pytorch", import("../shared/dtype.js").Tensor | undefined>} tensors
 * @returns {string} the problem
 */
function compare(verdict, tolerance, { got, native, pytorch }) {
  if (!native || !pytorch) return "the bundle has no golden output for this variant";
  if (!got) return "the model did not give it";
  const near = compareTensors(got, native);
  const far = compareTensors(got, pytorch);
  if (near.problem || far.problem) return near.problem || far.problem;
  verdict.cosine = Math.min(verdict.cosine ?? 1, far.cosine);
  verdict.relativeError = Math.max(verdict.relativeError ?? 0, near.relativeError);
  return missed(near, far, tolerance);
}

/**
 * Written so that NaN misses.
 * @param {import("../shared/compare.js").Comparison} near to native onnxruntime
 * @param {import("../shared/compare.js").Comparison} far to PyTorch
 * @param {import("../protocol.js").Tolerance & {farthest: number}} tolerance
 * @returns {string} the problem
 */
function missed(near, far, { cosine, relative_error: error, farthest }) {
  if (!(near.cosine >= cosine)) return `cosine ${near.cosine.toFixed(5)} against native onnxruntime, below ${cosine}`;
  if (!(near.relativeError <= error)) {
    return `relative error ${near.relativeError.toPrecision(3)} against native onnxruntime, above ${error}`;
  }
  // Rounding that moves single numbers far moves none of them in one direction.
  if (!(Math.abs(near.scale - 1) <= SCALE)) return `${near.scale.toFixed(3)} times as large as native onnxruntime's`;
  // As far as native onnxruntime was at build, and from that as far as may be: else PyTorch's recorded answer is another.
  const limit = ROUNDED * (farthest + error * (1 + farthest));
  if (far.relativeError <= limit) return "";
  return `relative error ${far.relativeError.toPrecision(3)} against PyTorch, above ${limit.toPrecision(3)}`;
}
