import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, short, ticks } from "../../site/src/shared/ticks.js";

test("round numbers, no more than asked for", () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(0, 7.4675, 4), [0, 2, 4, 6]);
  assert.deepEqual(ticks(-3.2, 3.2, 3), [0]);
  assert.deepEqual(ticks(-3.2, 3.2, 4), [-2, 0, 2]);
  assert.deepEqual(ticks(440, 445, 10), [440, 440.5, 441, 441.5, 442, 442.5, 443, 443.5, 444, 444.5, 445]);
  assert.deepEqual(ticks(0.1, 0.7, 6), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  assert.deepEqual(ticks(1e-7, 3e-7, 2), [1e-7, 2e-7, 3e-7]);
  assert.deepEqual(ticks(5, 5, 4), [5]);
});

test("the extent leaves out what is no number", () => {
  assert.deepEqual(extent([[1, null, 3], [NaN, -2]]), [-2, 3]);
  assert.deepEqual(extent([new Float64Array([4])]), [2, 6]);
  assert.deepEqual(extent([[0]]), [-0.5, 0.5]);
  assert.deepEqual(extent([[]]), [0, 1]);
});

test("numbers in few letters", () => {
  assert.deepEqual([0, 1234.56, 0.30000000000000004, 12_345_678, 0.000012, -2.5].map(short), ["0", "1235", "0.3", "1.2e7", "1.2e-5", "-2.5"]);
});
