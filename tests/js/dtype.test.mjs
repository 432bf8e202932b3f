import assert from "node:assert/strict";
import { test } from "node:test";
import { asDType, fromBytes, halfToNumber, toNumbers } from "../../site/src/shared/dtype.js";

test("bytes become the array of their dtype, without a copy where aligned", () => {
  const bytes = new Uint8Array(Float32Array.of(1.5, -2).buffer);
  const view = fromBytes("float32", bytes);
  assert.deepEqual([...view], [1.5, -2]);
  assert.equal(view.buffer, bytes.buffer);
});

test("bytes that start at an odd place are copied", () => {
  const odd = new Uint8Array(9);
  odd.set(new Uint8Array(Float64Array.of(0.25).buffer), 1);
  assert.deepEqual([...fromBytes("float64", odd.subarray(1))], [0.25]);
});

test("bytes that are no whole number of elements are refused", () => {
  assert.throws(() => fromBytes("int32", new Uint8Array(6)), { name: "RangeError", message: "6 bytes are no whole number of int32" });
});

test("every dtype of the protocol has an array", () => {
  const sizes = {
    float16: 2, float32: 4, float64: 8, int8: 1, int16: 2, int32: 4, int64: 8, uint8: 1, uint16: 2, uint32: 4, uint64: 8, bool: 1,
  };
  for (const [dtype, size] of Object.entries(sizes)) assert.equal(fromBytes(dtype, new Uint8Array(size)).length, 1, dtype);
});

test("another array type over the same memory is taken as bits", () => {
  const clamped = Uint8ClampedArray.of(7);
  assert.equal(asDType("uint8", clamped).buffer, clamped.buffer);
  assert.deepEqual([...asDType("float16", Uint16Array.of(0x3c00))], [0x3c00]);
});

test("halves: zero, the smallest, one, the largest, infinity", () => {
  const known = [[0, 0], [0x0001, 2 ** -24], [0x03ff, 1023 * 2 ** -24], [0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0xfc00, -Infinity]];
  for (const [bits, value] of known) assert.equal(halfToNumber(bits), value);
  assert.ok(Number.isNaN(halfToNumber(0x7c01)));
});

test("64-bit integers as numbers", () => {
  assert.deepEqual([...toNumbers("int64", BigInt64Array.of(-5n))], [-5]);
});
