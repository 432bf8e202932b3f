import assert from "node:assert/strict";
import { test } from "node:test";

import { joinPlanes } from "../../site/src/worker/planes.js";

/** As `planes.py` of the build stores integers: 1, -1, 300 and -2048. */
const STORED = [...Buffer.from("ab"), 0, 0, 37, 255, 2, 1, 8, 15];

test("integers come back to their places among the other bytes", () => {
  const file = joinPlanes(Uint8Array.from(STORED), [[1, 3], [8, 1]]);
  const view = new DataView(file.buffer);
  assert.equal(file[0], 97);
  assert.deepEqual([1, 3, 5].map((at) => view.getInt16(at, true)), [1, -1, 300]);
  assert.equal(file[7], 98);
  assert.equal(view.getInt16(8, true), -2048);
});

test("all 65536 come back", () => {
  const stored = new Uint8Array(2 * 65536);
  for (let i = 0; i < 65536; i++) {
    const value = i - 32768, unsigned = ((value << 1) ^ (value >> 15)) & 0xffff;
    stored[i] = unsigned >> 4;
    stored[65536 + i] = (unsigned & 15) | ((unsigned >> 12) << 4);
  }
  assert.deepEqual(new Int16Array(joinPlanes(stored, [[0, 65536]]).buffer), Int16Array.from({ length: 65536 }, (_, i) => i - 32768));
});

test("runs of another file are refused", () => {
  assert.throws(() => joinPlanes(new Uint8Array(5), [[0, 3]]), { message: "3 integers are more than 5 bytes hold" });
  assert.throws(() => joinPlanes(new Uint8Array(8), [[5, 2]]), { message: "a run ends at 9, behind the file's 8 bytes" });
});
