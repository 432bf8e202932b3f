import assert from "node:assert/strict";
import { test } from "node:test";
import { Choice } from "../../site/src/worker/choice.js";
import { Reports, untried } from "../../site/src/worker/reports.js";

globalThis.navigator ??= { userAgent: "a test's" };
const WRONG = { ...untried("webgpu", "fp32"), state: "wrong", reason: "scorer, golden call 1, output y: element 3 is NaN" };

/** A Store that keeps in memory, and a visit to it. */
function device() {
  const kept = new Map();
  const store = { note: async (name) => kept.get(name) ?? null, setNote: async (name, value) => void kept.set(name, value) };
  return (version = "1") => new Choice({
    bundle: { models: [{ variants: [{ parts: [{ sha256: "aa" }] }] }], runtime: { version } },
    base: "https://host/demo/", threads: 1, store: Promise.resolve(store),
  });
}

test("the winner is kept with what was found of the other, and forgotten by another version", async () => {
  const visit = device();
  assert.equal((await visit().read()).backend, null);
  await visit().write("wasm", [WRONG]);
  const { backend, others } = await visit().read();
  assert.deepEqual([backend, others], ["wasm", [WRONG]]);
  assert.deepEqual((await visit("2").read()).others, []);
});

test("a trial that never ends is begun twice; one that ends clears the count", async () => {
  const visit = device();
  assert.deepEqual([await visit().begin(), await visit().begin(), await visit().begin()], [true, true, false]);
  await visit().write("wasm", []);
  assert.equal(await visit().begin(), true);
});

test("a device that is lost once is tried again, one that is lost twice is not", async () => {
  const visit = device();
  await visit().write("webgpu", []);
  await visit().lose([WRONG]);
  assert.deepEqual((await visit().read()).backend, null);
  await visit().write("webgpu", []);
  await visit().lose([WRONG]);
  const { backend, others } = await visit().read();
  assert.deepEqual([backend, others], ["wasm", [WRONG]]);
});

test("what is remembered: a miss and a slower time, no lack of memory", () => {
  const reports = new Reports();
  reports.add({ ...untried("wasm", "int8"), state: "ok", milliseconds: 14 });
  reports.add({ ...untried("webgpu", "fp16"), state: "failed", reason: "std::bad_alloc" });
  reports.add({ ...untried("webgpu", "fp32"), state: "ok", milliseconds: 1100 });
  assert.equal(reports.missed("webgpu"), false);
  reports.tellSlower("wasm", "webgpu");
  const others = reports.others("wasm");
  assert.deepEqual(others.map(({ variant, reason }) => [variant, reason]), [["fp32", "slower on this device: 1.1 s against 14 ms"]]);
});

test("a backend that missed is known to have", () => {
  const reports = new Reports();
  reports.add(untried("webgpu", "fp32"));
  assert.equal(reports.missed("webgpu"), false);
  reports.add(WRONG);
  assert.equal(reports.missed("webgpu"), true);
});
