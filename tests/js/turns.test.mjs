import assert from "node:assert/strict";
import { test } from "node:test";
import { awaited, inTurn } from "../../site/src/worker/turns.js";

/** What a browser's LockManager does, for one kind of lock. */
function lockManager() {
  const queues = new Map();
  return {
    async request(name, options, work) {
      const queue = queues.get(name) ?? [];
      queues.set(name, queue);
      const before = queue.at(-1);
      const mine = {};
      mine.done = new Promise((resolve) => { mine.end = resolve; });
      queue.push(mine);
      await before?.done;
      try {
        return await work();
      } finally {
        queue.splice(queue.indexOf(mine), 1);
        mine.end();
      }
    },
    query: async () => ({ pending: [...queues].flatMap(([name, queue]) => queue.slice(1).map(() => ({ name }))) }),
  };
}

test("of two tabs one works and the other waits", async () => {
  const locks = lockManager(), seen = [];
  const work = (tab) => async () => {
    seen.push(`${tab} begins`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    seen.push(`${tab} ends`);
    return tab;
  };
  assert.deepEqual(await Promise.all([inTurn("a", work(1), { locks }), inTurn("a", work(2), { locks }), inTurn("b", work(3), { locks })]), [1, 2, 3]);
  assert.ok(seen.indexOf("1 ends") < seen.indexOf("2 begins"));
  assert.ok(seen.indexOf("3 begins") < seen.indexOf("1 ends"), "another file waits for nobody");
});

test("who has a file in hand knows that another waits, and its turn ends when the file is kept", async () => {
  const locks = lockManager(), seen = [];
  let end;
  const kept = new Promise((resolve) => { end = resolve; });
  assert.equal(await inTurn("a", async () => "bytes", { locks, until: () => kept }), "bytes");
  assert.deepEqual(await awaited(["a", "b"], locks), []);
  const other = inTurn("a", async () => seen.push("other"), { locks });
  assert.deepEqual(await awaited(["a", "b"], locks), ["a"]);
  assert.deepEqual(seen, []);
  end();
  await other;
  assert.deepEqual(seen, ["other"]);
});

test("a failure is the work's own and happens once", async () => {
  let calls = 0;
  const work = async () => {
    calls += 1;
    throw new Error("cut");
  };
  await assert.rejects(inTurn("a", work, { locks: lockManager() }), { message: "cut" });
  assert.equal(calls, 1);
});

test("a browser without locks, or one that refuses them, downloads by itself", async () => {
  assert.equal(await inTurn("a", async () => 1), 1);
  const refusing = { request: async () => { throw new Error("SecurityError"); }, query: async () => { throw new Error("SecurityError"); } };
  assert.equal(await inTurn("a", async () => 2, { locks: refusing }), 2);
  assert.deepEqual(await awaited(["a"], refusing), []);
});
