import assert from "node:assert/strict";
import { test } from "node:test";
import { buffersOf } from "../../site/src/shared/buffers.js";

test("every buffer once, however deep", () => {
  const data = new Uint8Array(4);
  const other = new ArrayBuffer(2);
  const found = buffersOf([{ width: 1, data, again: [data.subarray(1)] }, null, "text", { other }]);
  assert.deepEqual([...found], [data.buffer, other]);
});

test("shared memory can't be transferred and is left alone", () => {
  assert.equal(buffersOf([new Uint8Array(new SharedArrayBuffer(4))]).size, 0);
});
