import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime, nested } from "../../site/src/worker/session.js";

test("session entries are grouped by the word before the first dot", () => {
  assert.deepEqual(nested({ "session.disable_quant_qdq": "1", "session.qdq.x": "2", "optimization.y": "3" }),
    { session: { disable_quant_qdq: "1", "qdq.x": "2" }, optimization: { y: "3" } });
  assert.throws(() => nested({ quant: "1" }), /session_config: "quant" has no group; write it as "session.quant"/);
});

/** Stands for onnxruntime-web: notes what it was given at the moment of the call, answers when told. */
function fakeOrt() {
  const seen = [];
  const release = [];
  const Tensor = class { constructor(type, data, dims) { Object.assign(this, { type, data, dims }); } };
  const session = {
    run: (feeds) => {
      seen.push([...feeds.x.data]);
      return new Promise((resolve) => release.push(() => resolve({ y: feeds.x })));
    },
  };
  return { runtime: new Runtime({ Tensor }), session, seen, release };
}

test("a run reads its feeds at once; one that waits keeps a copy; runs never overlap", async () => {
  const { runtime, session, seen, release } = fakeOrt();
  const data = Float32Array.of(1);
  const feed = { x: { dtype: "float32", shape: [1], data } };
  const first = runtime.run(session, feed);
  assert.deepEqual(seen, [[1]]);
  const second = runtime.run(session, feed);
  data[0] = 9;
  assert.equal(seen.length, 1);
  release[0]();
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, [[1], [1]]);
  release[1]();
  assert.deepEqual((await second).y.shape, [1]);
});

test("a run that failed does not stop the next", async () => {
  const { runtime, session } = fakeOrt();
  const broken = { run: () => Promise.reject(new Error("no")) };
  const feed = { x: { dtype: "float32", shape: [0], data: new Float32Array(0) } };
  await assert.rejects(runtime.run(broken, feed), /no/);
  void runtime.run(session, feed);
  assert.equal(runtime.busy, true);
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
