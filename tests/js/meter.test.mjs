import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "../../site/src/shared/meter.js";

test("the rate of the last seconds, and none before enough is known", () => {
  const meter = new Meter();
  assert.equal(meter.rate(0), null);
  for (let at = 0; at <= 400; at += 100) meter.add(100_000, at);
  assert.equal(meter.rate(400), null);
  for (let at = 500; at <= 1000; at += 100) meter.add(100_000, at);
  assert.equal(meter.rate(1000), 1e6);
  // Nothing more came: after three seconds nothing is known, and until then the rate falls.
  assert.ok(meter.rate(2000) < 600_000);
  assert.equal(meter.rate(5000), null);
});
