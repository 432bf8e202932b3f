import assert from "node:assert/strict";
import { test } from "node:test";
import { cells, formatError, verdict } from "../../site/src/page/report-view.js";

const VARIANT = {
  id: "int8_weights", published: true, rejected: [], gzipped_bytes: 4_361_514, sha256: "ab".repeat(32), relative_error: 0.0653789,
  measured: { cosine: 0.997994, top1: 5 / 6, native_ms: 16.059 }, browser: { wasm_1_ms: 41.2 },
};

test("a variant's cells", () => {
  assert.deepEqual(cells(VARIANT), ["int8_weights", "published", "4.4 MB", "0.065", "0.9979", "83%", "16 ms", "41 ms"]);
  const none = { ...VARIANT, published: false, rejected: ["NaN"], relative_error: null, measured: { cosine: null, top1: null, native_ms: 0.4 }, browser: null };
  assert.deepEqual(cells(none), ["int8_weights", "rejected", "4.4 MB", "none", "none", "–", "0.4 ms", "–"]);
});

test("a verdict", () => {
  assert.equal(verdict(VARIANT), "published");
  assert.equal(verdict({ ...VARIANT, published: false }), "spare");
  assert.equal(verdict({ ...VARIANT, published: false, rejected: ["cosine"] }), "rejected");
});

test("an error has two digits", () => {
  assert.deepEqual([0, 1.78658e-6, 0.00858541, 0.217326, 1, null].map(formatError), ["0", "1.8e-6", "0.0086", "0.22", "1", "none"]);
});
