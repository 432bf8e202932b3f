import assert from "node:assert/strict";
import { test } from "node:test";
import { cells, formatError, verdict } from "../../site/src/page/report-view.js";

const VARIANT = {
  id: "int8_weights", published: true, rejected: [], wire_bytes: 4_361_514, sha256: "ab".repeat(32), relative_error: 0.0653789,
  measured: { cosine: 0.997994, mean_abs_error: 0.0512, top1: 5 / 6, native_ms: 16.059 }, score: 0.99354,
  browser: { wasm_1_ms: 41.2, webgpu: { ms: 3214.5, cosine: 0.997993 } },
};

test("a variant's cells", () => {
  assert.deepEqual(cells(VARIANT), ["int8_weights", "published", "4.4 MB", "0.065", "0.9979", "0.051", "83%", "0.9935", "16 ms", "41 ms", "3.2 s, 0.9979"]);
  const none = { ...VARIANT, published: false, rejected: ["NaN"], relative_error: null, measured: { cosine: null, mean_abs_error: null, top1: null, native_ms: 0.4 }, score: null, browser: null };
  assert.deepEqual(cells(none), ["int8_weights", "rejected", "4.4 MB", "none", "none", "none", "–", "–", "0.4 ms", "–", "–"]);
  assert.equal(cells({ ...VARIANT, browser: { wasm_1_ms: 1, webgpu: { ms: 2, cosine: null } } }).at(-1), "2 ms, wrong");
});

test("a verdict", () => {
  assert.equal(verdict(VARIANT), "published");
  assert.equal(verdict({ ...VARIANT, published: false }), "spare");
  assert.equal(verdict({ ...VARIANT, published: false, rejected: ["cosine"] }), "rejected");
});

test("an error has two digits", () => {
  assert.deepEqual([0, 1.78658e-6, 0.00858541, 0.217326, 1, null].map(formatError), ["0", "1.8e-6", "0.0086", "0.22", "1", "none"]);
});
