import assert from "node:assert/strict";
import { test } from "node:test";
import { Snapshots } from "../../site/src/worker/snapshots.js";

globalThis.navigator ??= { userAgent: "a test's" };
const MEMORY = Uint8Array.from({ length: 64 }, (_, i) => i);

function bundle(version = "1", numpy = "aa") {
  const wheels = [{ name: "numpy", sha256: numpy }, { name: "pillow", sha256: "bb" }, { name: "pageside", sha256: "cc" }];
  return { runtime: { version, pyodide: { wheels } } };
}

/** A Store that keeps in memory. */
function device() {
  const kept = new Map();
  return {
    kept,
    get: async (name) => kept.get(name) ?? null,
    put: async (name, bytes) => void kept.set(name, bytes),
    delete: async (name) => void kept.delete(name),
    note: async (name) => kept.get(name) ?? null,
    setNote: async (name, value) => void kept.set(name, value),
  };
}

function visit(store, ...of) {
  return new Snapshots(bundle(...of), Promise.resolve(store));
}

async function keep(store, ...of) {
  const snapshots = visit(store, ...of);
  snapshots.unsaved = MEMORY;
  await snapshots.save();
  return snapshots;
}

function withStorage(estimate, work) {
  Object.defineProperty(globalThis.navigator, "storage", { configurable: true, value: { estimate } });
  return work().finally(() => delete globalThis.navigator.storage);
}

test("what one visit kept the next one reads", async () => {
  const store = device();
  assert.equal(await visit(store).read(), null);
  const kept = await keep(store);
  assert.deepEqual(await visit(store).read(), MEMORY);
  assert.deepEqual(await kept.names(), [...store.kept.keys()].reverse());
});

test("a demo with more packages shares it; another runtime or numpy does not", async () => {
  const store = device();
  await keep(store);
  const more = bundle();
  more.runtime.pyodide.wheels.splice(1, 1);
  assert.deepEqual(await new Snapshots(more, Promise.resolve(store)).read(), MEMORY);
  assert.equal(await visit(store, "2").read(), null);
  assert.equal(await visit(store, "1", "other").read(), null);
});

test("a damaged one is dropped", async () => {
  const store = device();
  await keep(store);
  for (const [name, value] of store.kept) if (value instanceof Uint8Array) store.kept.set(name, value.with(3, 99));
  assert.equal(await visit(store).read(), null);
  assert.equal(store.kept.size, 0);
});

test("a dropped one is gone, bytes and note", async () => {
  const store = device();
  await (await keep(store)).drop();
  assert.equal(store.kept.size, 0);
  assert.deepEqual(await visit(store).names(), []);
});

test("none is kept where there is little room", async () => {
  const store = device();
  await withStorage(async () => ({ quota: 1000, usage: 800 }), () => keep(store));
  assert.equal(store.kept.size, 0);
  await withStorage(async () => ({ quota: 1000, usage: 700 }), () => keep(store));
  assert.equal(store.kept.size, 2);
});

test("one whose restore never ended is dropped on a later visit, not while another tab is at it", async () => {
  const store = device();
  await keep(store);
  const hung = visit(store);
  assert.deepEqual(await hung.read(), MEMORY);
  await hung.begin();
  assert.equal(await visit(store).read(), null);
  assert.equal(store.kept.size, 3);
  const [begun] = [...store.kept.keys()].filter((name) => name.endsWith("/begun"));
  store.kept.set(begun, { at: Date.now() - 60_000 });
  assert.equal(await visit(store).read(), null);
  assert.equal(store.kept.size, 0);
});

test("one whose restore ended is read again", async () => {
  const store = device();
  await keep(store);
  const good = visit(store);
  await good.begin();
  await good.end();
  assert.deepEqual(await visit(store).read(), MEMORY);
});
