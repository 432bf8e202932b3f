import assert from "node:assert/strict";
import { test } from "node:test";
import { Order } from "../../site/src/worker/order.js";

const turnOf = (order, what) => {
  const seen = { came: false };
  void order.turn(what).then(() => (seen.came = true));
  return seen;
};
const rest = () => new Promise((resolve) => setImmediate(resolve));

test("Python comes first, then onnxruntime, then the models", async () => {
  const order = new Order();
  const python = order.announce("Python"), ort = order.announce("onnxruntime");
  order.announce("model");
  const turns = Object.fromEntries(["Python", "packages", "onnxruntime", "model"].map((what) => [what, turnOf(order, what)]));
  await rest();
  assert.deepEqual(Object.entries(turns).filter(([, { came }]) => came).map(([what]) => what), ["Python", "packages"]);
  ort();
  await rest();
  assert.equal(turns.onnxruntime.came, false);
  assert.equal(turns.model.came, false);
  python();
  await rest();
  assert.equal(turns.onnxruntime.came, true);
  assert.equal(turns.model.came, true);
});

test("what is announced while another waits is waited for too", async () => {
  const order = new Order();
  const first = order.announce("Python");
  const model = turnOf(order, "model");
  const second = order.announce("packages");
  first();
  await rest();
  assert.equal(model.came, false);
  second();
  second();
  await rest();
  assert.equal(model.came, true);
});
