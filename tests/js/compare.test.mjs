import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTensors, cosine, median, relativeError } from "../../site/src/shared/compare.js";

const tensor = (values, shape = [values.length], dtype = "float32") => ({ dtype, shape, data: Float32Array.from(values) });

test("cosine of known angles", () => {
  assert.equal(cosine([1, 0], [0, 1]), 0);
  const known = [[[1, 2], [2, 4], 1], [[1, 2], [-1, -2], -1], [[1, 1], [1, 0], Math.SQRT1_2]];
  for (const [a, b, angle] of known) assert.ok(Math.abs(cosine(a, b) - angle) < 1e-15, `${a} and ${b}`);
});

test("zero vectors agree with each other only", () => {
  assert.equal(cosine([0, 0], [0, 0]), 1);
  assert.equal(cosine([0, 0], [1, 0]), 0);
  assert.equal(cosine([], []), 1);
});

test("relative error is the largest difference over the largest wanted value", () => {
  assert.equal(relativeError([1, -8], [2, -10]), 0.2);
  assert.equal(relativeError([0, 0], [0, 0]), 0);
  assert.equal(relativeError([1], [0]), Infinity);
});

test("a tensor of another dtype, shape or length is a problem, not a number", () => {
  const want = tensor([1, 2, 3, 4], [2, 2]);
  assert.match(compareTensors({ ...want, dtype: "float64" }, want).problem, /^dtype float64 in place of float32$/);
  assert.match(compareTensors({ ...want, shape: [4] }, want).problem, /^shape \(4\) in place of \(2, 2\)$/);
  assert.match(compareTensors({ ...want, data: want.data.subarray(1) }, want).problem, /^3 elements in place of 4$/);
});

test("NaN and infinity are a problem that names the element", () => {
  const want = tensor([1, 2]);
  assert.equal(compareTensors(tensor([1, NaN]), want).problem, "element 1 is NaN");
  assert.equal(compareTensors(tensor([-Infinity, 2]), want).problem, "element 0 is -Infinity");
});

test("integers of 64 bits and halves are compared as numbers", () => {
  const ids = { dtype: "int64", shape: [2], data: BigInt64Array.of(3n, -4n) };
  assert.deepEqual(compareTensors(ids, ids), { cosine: 1, relativeError: 0, scale: 1, problem: "" });
  const half = { dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) };
  const other = { ...half, data: Uint16Array.of(0x3c00, 0xbc00) };
  assert.equal(compareTensors(other, half).relativeError, 0.5);
  assert.equal(compareTensors({ ...half, data: Uint16Array.of(0x7e00, 0) }, half).problem, "element 0 is NaN");
});

test("median", () => {
  assert.equal(median([]), null);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
