import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../site/src/worker/reports.js";

const verdict = (milliseconds, more = {}) => ({ problem: "", cosine: 1, relativeError: 0, milliseconds, ...more });

test("of a model's golden calls the first is not timed where there are others", () => {
  assert.equal(figures([verdict([190, 40])]).milliseconds, 40);
  assert.equal(figures([verdict([190, 40, 60])]).milliseconds, 50);
  assert.equal(figures([verdict([190])]).milliseconds, 190);
  assert.equal(figures([verdict([])]).milliseconds, null);
});

test("several models are one figure: the lowest cosine, the largest error, the sum of times", () => {
  const found = figures([verdict([9, 2], { cosine: 0.99 }), verdict([9, 3], { relativeError: 0.1 }), verdict([], { cosine: null })]);
  assert.deepEqual(found, { cosine: 0.99, relative_error: 0.1, milliseconds: 5 });
});
