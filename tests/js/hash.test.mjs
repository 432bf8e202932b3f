import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { sha256, sha256Portable } from "../../site/src/shared/hash.js";

const nodes = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("our own SHA-256 gives Node's around every edge of a block", () => {
  for (let length = 0; length <= 260; length++) {
    const bytes = randomBytes(length);
    assert.equal(sha256Portable(bytes), nodes(bytes), `${length} bytes`);
  }
});

test("our own SHA-256 takes a view that starts inside its buffer, and a large one", () => {
  const bytes = randomBytes(3_000_001);
  assert.equal(sha256Portable(bytes.subarray(1)), nodes(bytes.subarray(1)));
});

test("the length is written right beyond 2 ** 29 bits", () => {
  const bytes = new Uint8Array(2 ** 26 + 5);
  assert.equal(sha256Portable(bytes), nodes(bytes));
});

test("without crypto.subtle the answer is the same", async (t) => {
  const bytes = randomBytes(1000);
  assert.equal(await sha256(bytes), nodes(bytes));
  t.mock.getter(globalThis, "crypto", () => ({}));
  assert.equal(await sha256(bytes), nodes(bytes));
});
