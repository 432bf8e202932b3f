import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeProblem, shareOf, startOf } from "../../site/src/page/range.js";

test("a number outside its ends is named with the end", () => {
  assert.equal(rangeProblem(3, { minimum: 4, maximum: 9 }), "3 is less than the minimum, 4.");
  assert.equal(rangeProblem(10, { minimum: 4, maximum: 9 }), "10 is more than the maximum, 9.");
  assert.equal(rangeProblem(9, { minimum: 4, maximum: 9 }), null);
  assert.equal(rangeProblem(-1, { minimum: null, maximum: null }), null);
  assert.equal(rangeProblem(null, { minimum: 4 }), null);
});

test("the share of the track", () => {
  assert.deepEqual([-3, -2, 0, 2, 7].map((value) => shareOf(value, { minimum: -2, maximum: 2 })), [0, 0, 0.5, 1, 1]);
});

test("where an untouched slider stands", () => {
  const ends = { minimum: 1, maximum: 2, step: 0.1 };
  assert.equal(startOf(ends, 0.7), 1);
  assert.equal(startOf({ ...ends, value: 1.5 }, 0.7), 1.5);
  assert.deepEqual([0, 0.31, 1].map((random) => startOf({ ...ends, randomize: true }, random)), [1, 1.3, 2]);
});
