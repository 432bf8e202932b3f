import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../../site/src/shared/line.js";
import { RemoteBackends } from "../../site/src/worker/remote.js";

const STATE = { backend: "wasm", variant: "fp32", threads: 2, cosine: 1, milliseconds: 3, backends: [], bytes: 10 };

/** Python's side, joined to a models' worker that `answer` plays. */
function remote(t, answer, pulse = { watch: () => undefined }) {
  const { port1, port2 } = new MessageChannel();
  t.after(() => { port1.close(); port2.close(); });
  const changes = [];
  const backends = new RemoteBackends(port1, { changed: () => changes.push(backends.state.backend), quiet: async () => undefined, pulse });
  const other = new Line(port2, answer);
  return { backends, other, changes };
}

/** Until it is so; the other side answers in its own time. */
async function until(so) {
  while (!so()) await new Promise((resolve) => setTimeout(resolve));
}

test("what is known of the backend is there before the answer that rests on it", async (t) => {
  const { backends, other, changes } = remote(t, () => {
    other.tell({ type: "state", state: STATE, news: false });
  });
  assert.equal(backends.state.backend, null);
  await backends.started();
  assert.deepEqual([backends.state, changes], [STATE, []]);
  other.tell({ type: "state", state: { ...STATE, backend: "webgpu" }, news: true });
  await until(() => changes.length);
  assert.deepEqual(changes, ["webgpu"]);
});

test("a kept output is a number over there: it goes back, is read and is released by it", async (t) => {
  const asked = [];
  const { backends } = remote(t, (request) => {
    asked.push(request);
    if (request.type === "read") return { dtype: "float32", shape: [1], data: Float32Array.of(7) };
    return { y: { dtype: "float32", shape: [1], data: Float32Array.of(1) }, h: { dtype: "float32", shape: [1], held: 4 } };
  });
  const { y, h } = await backends.run("net", { x: { dtype: "float32", shape: [1], data: Float32Array.of(3) } }, ["h"]);
  assert.deepEqual([...y.data], [1]);
  await backends.run("net", { x: h }, []);
  assert.equal(asked[1].feeds.x.held, 4);
  assert.deepEqual([...(await h.held.read()).data], [7]);
  h.held.release();
  await until(() => asked.length === 4);
  assert.deepEqual(asked.slice(2), [{ type: "read", held: 4 }, { type: "release", held: 4 }]);
});

test("a models' worker that the browser ended is told to all who wait for it", async (t) => {
  let gone;
  const { backends } = remote(t, () => new Promise(() => undefined), { watch: (asked, act) => { gone = () => asked() !== undefined && act(); } });
  const run = backends.run("net", {}, []);
  gone();
  await assert.rejects(run, (error) => error.name === "WorkerStopped" && /models' worker stopped/.test(error.message));
  assert.equal(gone(), false);
});
