import assert from "node:assert/strict";
import { test } from "node:test";
import { Pulse, holdDuring } from "../../site/src/shared/pulse.js";

/** Locks of one origin; `free` is what the browser does with a worker's when it ends the worker. */
function someLocks() {
  const held = new Set();
  return {
    free: (name) => held.delete(name),
    query: async () => ({ held: [...held].map((name) => ({ name })), pending: [] }),
    request: async (name, _, granted) => {
      held.add(name);
      await granted();
      held.delete(name);
    },
  };
}

test("the lock is held before the work begins and as long as it goes on", async () => {
  const locks = someLocks();
  const names = async () => (await locks.query()).held.map(({ name }) => name);
  let end, before;
  const work = holdDuring("worker", () => {
    before = names();
    return new Promise((resolve) => { end = resolve; });
  }, locks);
  assert.deepEqual(await before, ["worker"]);
  end("done");
  assert.equal(await work, "done");
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(await names(), []);
});

test("a worker is gone when its lock is missing twice during one request", async () => {
  const locks = someLocks(), pulse = new Pulse("worker", locks);
  holdDuring("worker", () => new Promise(() => undefined), locks);
  assert.equal(await pulse.isGone(1), false);
  locks.free("worker");
  assert.deepEqual([await pulse.isGone(1), await pulse.isGone(1)], [false, true]);
});

test("between two requests no lock is held, and that is no sign", async () => {
  const locks = someLocks(), pulse = new Pulse("worker", locks);
  await holdDuring("worker", () => pulse.isGone(1), locks);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([await pulse.isGone(2), await pulse.isGone(3), await pulse.isGone(4)], [false, false, false]);
});

test("one that answered and died before a look met its lock is gone too, if others' locks are seen", async () => {
  const locks = someLocks();
  const looks = async (answered) => {
    const pulse = new Pulse("worker", locks);
    pulse.answered = answered;
    return [await pulse.isGone(1), await pulse.isGone(1)];
  };
  assert.deepEqual(await looks(true), [false, false]);
  holdDuring("other", () => new Promise(() => undefined), locks);
  assert.deepEqual([await looks(true), await looks(false)], [[false, true], [false, false]]);
});

test("without locks, and where they are refused, a worker counts as running", async () => {
  const refused = { query: async () => { throw new DOMException("no", "SecurityError"); }, request: async () => { throw new Error("no"); } };
  for (const locks of [null, refused, someLocks()]) {
    const pulse = new Pulse("worker", locks ?? undefined);
    assert.deepEqual([await pulse.isGone(1), await pulse.isGone(1), await pulse.isGone(1)], [false, false, false]);
  }
  assert.equal(await holdDuring("worker", async () => "done", refused), "done");
});

test("it looks while something is asked for, and tells once that the worker is gone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (milliseconds) => { t.mock.timers.tick(milliseconds); await turn(); };
  const locks = someLocks(), pulse = new Pulse("worker", locks);
  let asked = 1, told = 0;
  const watch = () => pulse.watch(() => asked, () => { told += 1; });
  holdDuring("worker", () => new Promise(() => undefined), locks);
  watch();
  await pass(500);
  locks.free("worker");
  for (let i = 0; i < 3; i++) await pass(3000);
  assert.equal(told, 1);
  asked = undefined;
  watch();
  await pass(500);
  await pass(3000);
  assert.deepEqual([told, pulse.looking], [1, undefined]);
});

test("ended on purpose it is nobody's news", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const pulse = new Pulse("worker", someLocks());
  pulse.watch(() => 1, () => assert.fail("told"));
  pulse.end();
  t.mock.timers.tick(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(pulse.looking, undefined);
});
