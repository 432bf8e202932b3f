import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime, nested, switched } from "../../site/src/worker/session.js";

test("session entries are grouped by the word before the first dot", () => {
  assert.deepEqual(nested({ "session.disable_quant_qdq": "1", "session.qdq.x": "2", "optimization.y": "3" }),
    { session: { disable_quant_qdq: "1", "qdq.x": "2" }, optimization: { y: "3" } });
  assert.throws(() => nested({ quant: "1" }), /session_config: "quant" has no group; write it as "session.quant"/);
});

/** Stands for onnxruntime-web: notes what it was given at the moment of the call, answers when told. */
function fakeOrt() {
  const seen = [];
  const release = [];
  const Tensor = class {
    constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
    async getData() { return this.data; }
    dispose() { this.data = null; }
  };
  const session = {
    run: (feeds) => {
      seen.push([...feeds.x.data]);
      return new Promise((resolve) => release.push(() => resolve({ y: feeds.x })));
    },
  };
  return { runtime: new Runtime({ Tensor }), session, seen, release };
}

/** Until all that can go on has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("runs never overlap", async () => {
  const { runtime, session, seen, release } = fakeOrt();
  const feed = (value) => ({ x: { dtype: "float32", shape: [1], data: Float32Array.of(value) } });
  const first = runtime.run(session, feed(1));
  const second = runtime.run(session, feed(2));
  await settled();
  assert.deepEqual(seen, [[1]]);
  release[0]();
  await first;
  await settled();
  assert.deepEqual(seen, [[1], [2]]);
  release[1]();
  assert.deepEqual((await second).y.shape, [1]);
});

test("a run that failed does not stop the next", async () => {
  const { runtime, session, seen } = fakeOrt();
  const broken = { run: () => Promise.reject(new Error("no")) };
  const feed = { x: { dtype: "float32", shape: [0], data: new Float32Array(0) } };
  await assert.rejects(runtime.run(broken, feed), /no/);
  void runtime.run(session, feed);
  await settled();
  assert.equal(seen.length, 1);
});

test("a build whose threads never start starts again with one, for all models at once", async () => {
  const make = (fails) => ({ InferenceSession: { create: async (model) => {
    if (fails) throw new Error("initializing failed due to timeout: 10000ms");
    return { model };
  } } });
  let started = 0;
  const runtime = new Runtime(make(true), 2, async () => { started += 1; return make(false); });
  const sessions = await Promise.all([runtime.create("a", "wasm", {}), runtime.create("b", "wasm", {})]);
  assert.deepEqual(sessions, [{ model: "a" }, { model: "b" }]);
  assert.equal(started, 1);
  assert.equal(runtime.threads, 1);
});

test("with one thread, or once it has started, a failure is a failure", async () => {
  const again = async () => assert.fail("started again");
  let fails = true;
  const ort = { InferenceSession: { create: async () => { if (fails) throw new Error("no such operator"); return {}; } } };
  await assert.rejects(new Runtime(ort, 1, again).create("a", "wasm", {}), /no such operator/);
  fails = false;
  const runtime = new Runtime(ort, 2, again);
  await runtime.create("a", "wasm", {});
  fails = true;
  await assert.rejects(runtime.create("b", "wasm", {}), /no such operator/);
});

test("a kept output goes back as it is, and to another build as its values", async () => {
  const { runtime, session, seen, release } = fakeOrt();
  const feed = { x: { dtype: "float32", shape: [1], data: Float32Array.of(3) } };
  const first = runtime.run(session, feed, ["y"]);
  await settled();
  release[0]();
  const { y } = await first;
  assert.deepEqual([y.dtype, y.shape, "data" in y], ["float32", [1], false]);
  const second = runtime.run({ run: async ({ x }) => { assert.equal(x, y.held.tensor); return { z: x }; } }, { x: y });
  assert.deepEqual([...(await second).z.data], [3]);
  const other = fakeOrt();
  void other.runtime.run(other.session, { x: y });
  await settled();
  assert.deepEqual([...seen, ...other.seen], [[3], [3]]);
  y.held.tensor.getData = async () => { throw new Error("device lost"); };
  await assert.rejects(other.runtime.run(other.session, { x: y }), (error) => error.stage === "device lost" &&
    error.message === "what the model kept on the GPU is lost: device lost");
});

test("on WebGPU a kept output stays on the GPU", async () => {
  const asked = [];
  const runtime = new Runtime({ InferenceSession: { create: async (_, options) => void asked.push(options.preferredOutputLocation) } });
  await runtime.create(new Uint8Array(), "webgpu", {}, ["h"]);
  await runtime.create(new Uint8Array(), "wasm", {}, ["h"]);
  await runtime.create(new Uint8Array(), "webgpu", {});
  assert.deepEqual(asked, [{ h: "gpu-buffer" }, undefined, undefined]);
});

test("a binary says how products are made; the file itself stays as it is", () => {
  const file = Uint8Array.of(5, 2, 7);
  assert.equal(switched(file, 1, 2), file);
  assert.deepEqual([switched(file, 1, 3), switched(file, 1, 0)].map((bytes) => [...bytes]), [[5, 3, 7], [5, 0, 7]]);
  assert.deepEqual([...file], [5, 2, 7]);
});
