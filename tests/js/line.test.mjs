import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultError } from "../../site/src/shared/fault.js";
import { Line } from "../../site/src/shared/line.js";

/** A real channel; closed after the test, or Node would not end. */
function joined(t, left, right) {
  const { port1, port2 } = new MessageChannel();
  t.after(() => { port1.close(); port2.close(); });
  return [new Line(port1, left), new Line(port2, right)];
}

/** Until it is so; the other side answers in its own time. */
async function until(so) {
  while (!so()) await new Promise((resolve) => setTimeout(resolve));
}

test("either side asks, several at once, and each gets its own answer", async (t) => {
  const [left, right] = joined(t, async ({ n }) => n + 1, async ({ n }) => {
    await new Promise((resolve) => setTimeout(resolve, n));
    return n * 2;
  });
  assert.deepEqual(await Promise.all([left.ask({ n: 20 }), left.ask({ n: 1 }), right.ask({ n: 5 })]), [40, 2, 6]);
});

test("arrays are given away, and come back whole", async (t) => {
  const [left] = joined(t, () => undefined, ({ x }) => ({ y: x.map((value) => value * 2) }));
  const x = Float32Array.of(1, 2);
  const { y } = await left.ask({ x });
  assert.deepEqual([...y], [2, 4]);
  assert.equal(x.length, 0);
});

test("what the other side throws comes as the fault that it is", async (t) => {
  const [left] = joined(t, () => undefined, ({ stage }) => {
    throw stage ? new FaultError(stage, "the GPU is gone", { hint: "Try again.", name: "Lost" }) : new TypeError("no such thing");
  });
  await assert.rejects(left.ask({ stage: "device lost" }), (error) => error instanceof FaultError
    && [error.stage, error.message, error.hint, error.name].join() === "device lost,the GPU is gone,Try again.,Lost");
  await assert.rejects(left.ask({}), (error) => error.stage === "model" && /no such thing/.test(error.message));
});

test("news has no answer, and comes before what is answered later", async (t) => {
  const heard = [];
  const [left, right] = joined(t, (news) => void heard.push(news.value), () => {
    right.tell({ value: 1 });
    return "answer";
  });
  assert.equal(await left.ask({}), "answer");
  assert.deepEqual(heard, [1]);
});

test("when the other side is gone all who wait hear it, and a late answer harms nobody", async (t) => {
  let answer, heard = false;
  const [left, right] = joined(t, () => { heard = true; }, () => new Promise((resolve) => { answer = resolve; }));
  const asked = [left.ask({}), left.ask({})];
  await until(() => answer);
  left.fail(new FaultError("model", "it stopped"));
  for (const one of asked) await assert.rejects(one, /it stopped/);
  answer("late");
  right.tell({});
  await until(() => heard);
  assert.equal(left.waiting.size, 0);
});
