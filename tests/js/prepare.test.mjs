import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultError } from "../../site/src/shared/fault.js";
import { Preparer } from "../../site/src/worker/prepare.js";

const VARIANT = { id: "fp32", rehearsal: { url: "fp32.rehearsal.onnx.gz" }, session_config: { "session.x": "1" },
  wasm_config: { "optimization.y": "Z" }, measured: { native_ms: 20 } };
const INPUTS = Promise.resolve({ x: "golden" });
const NEVER = new Promise(() => undefined);

/** A preparer and an onnxruntime that note what they are asked for. */
function rehearsing({ timeLeft = 3200, parts = NEVER, load = async () => "graph", run = async () => ({}) } = {}) {
  const seen = [];
  const session = { release: async () => seen.push("released") };
  const ort = {
    startTime: 1000,
    create: async (...given) => { seen.push(given); return session; },
    run: async (one, feeds) => { seen.push([one === session, feeds]); return run(); },
  };
  const assets = { timeLeft: async (what) => (what === "model" ? timeLeft : 0), load };
  const preparer = new Preparer({ bundle: { models: [] }, base: "https://host/", assets, reports: {}, threads: 1 });
  return { seen, rehearse: (variant = VARIANT) => preparer.rehearse(variant, { runtime: Promise.resolve(ort), inputs: INPUTS, parts }) };
}

test("while the weights take three times as long as onnxruntime's start, and ten native calls, the graph is opened, run and let go", async () => {
  const { seen, rehearse } = rehearsing();
  await rehearse();
  assert.deepEqual(seen, [["graph", "wasm", { "session.x": "1", "optimization.y": "Z" }], [true, { x: "golden" }], "released"]);
});

test("where they come sooner, or the build has no rehearsal, nothing is done", async () => {
  const soon = rehearsing({ timeLeft: 3199 }), none = rehearsing(), here = rehearsing({ timeLeft: NEVER, parts: Promise.resolve() });
  await soon.rehearse();
  await none.rehearse({ ...VARIANT, rehearsal: undefined });
  await here.rehearse();
  assert.deepEqual([soon.seen, none.seen, here.seen], [[], [], []]);
});

test("a rehearsal that fails changes nothing; its session is let go", async () => {
  const missing = rehearsing({ load: async () => { throw new FaultError("download", "404"); } });
  await missing.rehearse();
  assert.deepEqual(missing.seen, []);
  const failing = rehearsing({ run: async () => { throw new Error("a shape"); } });
  await failing.rehearse();
  assert.equal(failing.seen.at(-1), "released");
});

test("an onnxruntime that broke is not used: the crash is told", async () => {
  const broken = rehearsing({ run: async () => { throw new WebAssembly.RuntimeError("unreachable"); } });
  await assert.rejects(broken.rehearse(), WebAssembly.RuntimeError);
});

test("what a variant asks for on WebAssembly alone, a GPU is not given", async () => {
  const model = { golden: [], keep: [] }, asked = {};
  const assets = { loadJoined: async () => "weights", timeLeft: async () => 0 };
  const preparer = new Preparer({ bundle: { models: [] }, base: "https://host/", assets, reports: {}, threads: 1 });
  for (const id of ["wasm", "webgpu"]) {
    const create = async (bytes, backend, config) => { asked[backend] = config; throw new Error("seen enough"); };
    await assert.rejects(preparer.tryVariant(model, VARIANT, { id, runtime: Promise.resolve({ create }) }), /seen enough/);
  }
  assert.deepEqual(asked, { wasm: { "session.x": "1", "optimization.y": "Z" }, webgpu: { "session.x": "1" } });
});

test("products are made in integers where every model's first variant allows it", () => {
  const model = (first, allowed) => ({
    backends: { wasm: [first, "fp32"], webgpu: ["fp32"] },
    variants: [{ id: "fp32", integer_products: false }, { id: first, integer_products: allowed }],
  });
  const allows = (backend, ...models) => new Preparer({ bundle: { models } }).allowsIntegers(backend);
  assert.equal(allows("wasm", model("int8_weights", true), model("fp16", true)), true);
  assert.equal(allows("wasm", model("int8_weights", true), model("int8_static", false)), false);
  assert.equal(allows("webgpu", model("int8_weights", true)), false);
  assert.equal(allows("wasm", { backends: { wasm: ["fp32"] }, variants: [{ id: "fp32" }] }), false);
});
