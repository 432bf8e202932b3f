import assert from "node:assert/strict";
import { test } from "node:test";

import { hasSharedMemory, isWebKit } from "../../site/src/shared/features.js";

const MOZILLA = "Mozilla/5.0";
const AGENTS = {
  "Safari on an iPhone": [true, `${MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1`],
  "Chrome on an iPhone": [true, `${MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0 Mobile/15E148 Safari/604.1`],
  WebKitGTK: [true, `${MOZILLA} (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`],
  Chrome: [false, `${MOZILLA} (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36`],
  Edge: [false, `${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`],
  Firefox: [false, `${MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`],
};

for (const [name, [expected, agent]] of Object.entries(AGENTS)) {
  test(`${name} ${expected ? "has" : "does not have"} WebKit's engine`, () => assert.equal(isWebKit(agent), expected));
}

test("workers can share memory where the page is isolated and its browser lets it", (t) => {
  const { SharedArrayBuffer: shared } = globalThis;
  t.after(() => { delete globalThis.crossOriginIsolated; globalThis.SharedArrayBuffer = shared; });
  const seen = [true, false].flatMap((isolated) => [shared, undefined].map((buffer) => {
    globalThis.crossOriginIsolated = isolated;
    globalThis.SharedArrayBuffer = buffer;
    return hasSharedMemory();
  }));
  assert.deepEqual(seen, [true, false, false, false]);
});
