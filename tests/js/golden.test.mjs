import assert from "node:assert/strict";
import { test } from "node:test";
import { atUsualSize, check } from "../../site/src/worker/golden.js";

const model = { name: "net", outputs: [{ name: "y" }, { name: "z" }], tolerance: { cosine: 0.999, relative_error: 0.01 } };
const tensor = (...values) => ({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) });
const right = { y: tensor(1, 2), z: tensor(3) };
const call = { inputs: { x: tensor(0) }, native: right, pytorch: { y: tensor(1, 2.02), z: tensor(3) } };

test("right numbers have no problem; figures are the worst over calls and outputs", async () => {
  const verdict = await check([call, call], model, async () => right);
  assert.equal(verdict.problem, "");
  assert.equal(verdict.relativeError, 0);
  assert.ok(verdict.cosine < 1 && verdict.cosine > 0.9999);
  assert.equal(verdict.milliseconds.length, 2);
});

const misses = [
  ["a turned vector", { ...right, y: tensor(1, 2.3) }, /^net, golden call 1, output y: cosine 0\.99857 against native onnxruntime, below 0\.999$/],
  ["a scaled vector", { ...right, y: tensor(1.05, 2.1) },
    /^net, golden call 1, output y: relative error 0\.0500 against native onnxruntime, above 0\.01$/],
  ["NaN", { ...right, z: tensor(NaN) }, /^net, golden call 1, output z: element 0 is NaN$/],
  ["a missing output", { y: right.y }, /^net, golden call 1, output z: the model did not give it$/],
  ["another shape", { ...right, z: { ...right.z, shape: [1, 1] } }, /output z: shape \(1, 1\) in place of \(1\)$/],
];
for (const [name, outputs, problem] of misses) {
  test(`${name} misses`, async () => assert.match((await check([call], model, async () => outputs)).problem, problem));
}

test("a miss in a later call counts, and ends the check", async () => {
  const answers = [right, { ...right, z: tensor(4) }, right];
  const verdict = await check([call, call, call], model, async () => answers.shift());
  assert.match(verdict.problem, /^net, golden call 2, output z: /);
  assert.equal(answers.length, 1);
});

test("without a golden call, or without this variant's outputs, nothing is proven", async () => {
  assert.equal((await check([], model, async () => right)).problem, "net: the bundle has no golden call to check it with");
  const verdict = await check([{ ...call, native: {} }], model, async () => right);
  assert.equal(verdict.problem, "net, golden call 1, output y: the bundle has no golden output for this variant");
});

test("a variant that rounds activations has a tolerance of its own, and its size must still be right", async () => {
  const own = { cosine: 0.99, relative_error: 0.2 };
  assert.equal((await check([call], model, async () => ({ ...right, y: tensor(1.15, 1.95) }), { tolerance: own })).problem, "");
  const scaled = await check([call], model, async () => ({ ...right, y: tensor(1.05, 2.1) }), { tolerance: own });
  assert.equal(scaled.problem, "net, golden call 1, output y: 1.050 times as large as native onnxruntime's");
});

test("PyTorch's recorded answer may be as far as it was at build, and no farther", async () => {
  const variant = { golden_error: 0.01 };
  assert.equal((await check([call], model, async () => right, variant)).problem, "");
  const changed = { ...call, pytorch: { ...right, y: tensor(1, 2.1) } };
  const verdict = await check([changed], model, async () => right, variant);
  assert.equal(verdict.problem, "net, golden call 1, output y: relative error 0.0476 against PyTorch, above 0.0201");
  assert.equal((await check([changed], model, async () => right)).problem, "");
});

test("times are taken with as many rows as the demo's calls have, in turns; what has no rows stays", () => {
  const ids = { dtype: "int64", shape: [2, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n) }, rate = tensor(5, 6);
  const wide = atUsualSize({ ids, rate }, { ids: [3, 2] });
  assert.deepEqual(wide.ids, { dtype: "int64", shape: [3, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n, 1n, 2n) });
  assert.equal(wide.rate, rate);
});

test("and with as many pixels, along each axis again and again, or cut where there are fewer", () => {
  const photo = { dtype: "uint8", shape: [1, 2, 3, 1], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const { photo: large } = atUsualSize({ photo }, { photo: [1, 3, 2, 2] });
  assert.deepEqual(large, { dtype: "uint8", shape: [1, 3, 2, 2], data: Uint8Array.of(1, 1, 2, 2, 4, 4, 5, 5, 1, 1, 2, 2) });
});
