/** The golden check: a model on this device against the outputs that the build recorded. */

import { compareTensors } from "../shared/compare.js";
import { fromBytes } from "../shared/dtype.js";

/** @typedef {import("./assets.js").Assets} Assets */
/** @typedef {import("./session.js").Tensors} Tensors */
/** @typedef {import("../protocol.js").ModelEntry} ModelEntry */
/** @typedef {import("../protocol.js").TensorFile} TensorFile */
/** One recorded call. @typedef {{inputs: Tensors, native: Tensors, pytorch: Tensors, rows?: number}} Call */

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
    return { inputs, native, pytorch, rows: golden.rows };
  }));
}

/**
 * The inputs of a call with as many rows as the recorded one had, for times like a visitor's: its rows in turns.
 * @param {Call} call
 * @param {Pick<ModelEntry, "inputs">} model
 * @returns {Tensors}
 */
export function atRecordedSize({ inputs, rows }, model) {
  if (!rows) return inputs;
  const ofRows = model.inputs.filter(({ shape }) => typeof shape[0] === "string");
  return { ...inputs, ...Object.fromEntries(ofRows.map(({ name }) => [name, repeatRows(inputs[name], rows)])) };
}

/** @param {import("../shared/dtype.js").Tensor} tensor @param {number} rows @returns {import("../shared/dtype.js").Tensor} */
function repeatRows({ dtype, shape: [count, ...rest], data }, rows) {
  const row = rest.reduce((size, axis) => size * axis, 1);
  const repeated = new (/** @type {Float32ArrayConstructor} */ (data.constructor))(rows * row);
  for (let i = 0; i < rows; i++) {
    const from = (i % count) * row;
    repeated.set(/** @type {Float32Array} */ (data).subarray(from, from + row), i * row);
  }
  return { dtype, shape: [rows, ...rest], data: repeated };
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
