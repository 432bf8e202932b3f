import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Beats, awaited, inTurn } from "../../site/src/worker/turns.js";

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

/** Tabs whose channels hear each other, and not themselves. */
function tabs(count) {
  const open = new Set();
  const channel = () => {
    const mine = {
      onmessage: null,
      postMessage: (data) => open.forEach((other) => other !== mine && other.onmessage?.({ data })),
      close: () => open.delete(mine),
    };
    open.add(mine);
    return mine;
  };
  return { open, beats: Array.from({ length: count }, () => new Beats(channel)) };
}

test("a tab that works is waited for, one that fell silent is not", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const { beats: [works, waits] } = tabs(2);
  let silent = 0;
  works.hold("a");
  waits.waitFor("a", () => { silent += 1; });
  mock.timers.tick(60_000);
  assert.equal(silent, 0);
  works.hold("b");
  works.drop("a");
  mock.timers.tick(5000);
  assert.equal(silent, 1, "of another file it is not waited for");
  works.drop("b");
  const end = waits.waitFor("b", () => { silent += 1; });
  end();
  mock.timers.tick(60_000);
  assert.equal(silent, 1);
});

test("what this tab has in hand itself is waited for, and the channel is open only as long as it is needed", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const { open, beats: [only] } = tabs(1);
  assert.equal(open.size, 0);
  only.hold("a");
  const end = only.waitFor("a", () => assert.fail("it is in hand"));
  mock.timers.tick(60_000);
  only.drop("a");
  assert.equal(open.size, 1);
  end();
  assert.equal(open.size, 0);
});

test("behind a tab that stopped with its lock, the file is downloaded anew", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const { beats: [beats] } = tabs(1);
  const stuck = { request: (_name, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))), query: async () => ({}) };
  const mine = inTurn("a", async () => "bytes", { locks: stuck, beats });
  mock.timers.tick(5000);
  assert.equal(await mine, "bytes");
});

test("where channels are refused files come all the same", async () => {
  const beats = new Beats(() => { throw new DOMException("The operation is insecure.", "SecurityError"); });
  assert.equal(await inTurn("a", async () => "bytes", { locks: lockManager(), beats }), "bytes");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(beats.held.size + beats.waiting.size, 0);
});
