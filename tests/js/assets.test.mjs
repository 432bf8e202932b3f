import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Assets } from "../../site/src/worker/assets.js";

const CONTENT = Buffer.from("weights ".repeat(5000));
const STORED = gzipSync(CONTENT);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** What the host does with each request: a function of the response and of how often it was asked. */
let answer;
let asked = 0;
let server;
let base;

before(async () => {
  server = createServer((request, response) => answer(response, ++asked, request));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${server.address().port}/demo/`;
});
after(() => server.close());

function reference(content = CONTENT, stored = STORED) {
  return { url: "models/a/fp32.0.bin.gz", bytes: stored.length, size: content.length, sha256: sha256(content), encoding: "gzip" };
}

function store(kept = new Map()) {
  return {
    kept,
    get: async (key) => kept.get(key) ?? null,
    has: async (key) => kept.has(key),
    put: async (key, bytes) => Boolean(kept.set(key, bytes)),
    hasRoom: async () => true,
    delete: async (key) => void kept.delete(key),
  };
}

function assets(kept = store()) {
  asked = 0;
  const progress = [];
  return { progress, kept, assets: new Assets({ base, store: kept, report: (one) => progress.push(one), backOff: [1, 1] }) };
}

const send = (bytes) => (response) => response.end(bytes);

test("a gzipped file is decoded, verified and counted in bytes on the wire", async () => {
  answer = send(STORED);
  const { assets: loader, progress } = assets();
  assert.deepEqual(Buffer.from(await loader.load("model", reference())), CONTENT);
  assert.deepEqual(progress.at(-1), { what: "model", loaded: STORED.length, total: STORED.length });
  assert.equal(loader.bytes, STORED.length);
});

test("a host that decodes on its own is understood, and progress never passes the total", async () => {
  answer = (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(STORED);
  const { assets: loader, progress } = assets();
  assert.deepEqual(Buffer.from(await loader.load("model", reference())), CONTENT);
  assert.ok(progress.every(({ loaded, total }) => loaded <= total));
});

test("a changed byte is noticed, asked for once more, and named", async () => {
  const changed = Buffer.from(CONTENT);
  changed[100] ^= 1;
  answer = send(gzipSync(changed));
  const { assets: loader } = assets();
  await assert.rejects(loader.load("model", reference()), {
    stage: "integrity",
    name: "IntegrityError",
    message: `models/a/fp32.0.bin.gz: its SHA-256 is ${sha256(changed)}, bundle.json says ${sha256(CONTENT)}`,
  });
  assert.equal(asked, 2);
});

test("a stale copy is replaced by what the host has now", async () => {
  answer = (response, count) => response.end(count === 1 ? gzipSync(Buffer.from("old")) : STORED);
  assert.deepEqual(Buffer.from(await assets().assets.load("model", reference())), CONTENT);
});

test("a changed byte of the gzip data, a longer and a shorter file are integrity faults too", async () => {
  const broken = Buffer.from(STORED);
  broken[30] ^= 0xff;
  const cases = [
    [broken, /models\/a\/fp32\.0\.bin\.gz: its (gzip data can't be decoded|SHA-256 is)/],
    [gzipSync(Buffer.alloc(CONTENT.length * 3)), /it has more than 40000 bytes, the size that bundle.json says/],
    [gzipSync(CONTENT.subarray(7)), /it has 39993 bytes, bundle.json says 40000/],
    [Buffer.alloc(0), /it has 0 bytes, bundle.json says 40000/],
  ];
  for (const [bytes, message] of cases) {
    answer = send(bytes);
    await assert.rejects(assets().assets.load("model", reference()), { stage: "integrity", message });
  }
});

test("a missing file is asked for once more past the cache; the message has path and status", async () => {
  answer = (response) => response.writeHead(404).end();
  await assert.rejects(assets().assets.load("model", reference()), {
    stage: "download",
    message: "/demo/models/a/fp32.0.bin.gz: the host answered 404",
    hint: "The file is missing on the host: publish the whole folder that `pageside build` wrote.",
  });
  assert.equal(asked, 2);
});

test("a host in trouble and a cut connection are tried three times", async () => {
  answer = (response, count) => (count < 3 ? response.writeHead(503).end() : response.end(STORED));
  await assets().assets.load("model", reference());
  assert.equal(asked, 3);
  answer = (response, count) => {
    if (count > 2) return response.end(STORED);
    response.writeHead(200, { "content-length": STORED.length }).write(STORED.subarray(0, 20));
    return setTimeout(() => response.destroy(), 10);
  };
  const { assets: loader, progress } = assets();
  assert.deepEqual(Buffer.from(await loader.load("model", reference())), CONTENT);
  assert.deepEqual(progress.at(-1).loaded, STORED.length);
});

test("a host that stays away is a download fault after three tries", async () => {
  answer = (response) => response.destroy();
  const fault = { stage: "download", message: /^\/demo\/models\/a\/fp32\.0\.bin\.gz: / };
  await assert.rejects(assets().assets.load("model", reference()), fault);
  assert.equal(asked, 3);
});

test("two who ask at once share one download; a failed one is not kept", async () => {
  answer = (response, count) => (count <= 2 ? response.writeHead(404).end() : response.end(STORED));
  const { assets: loader } = assets();
  const both = [loader.load("model", reference()), loader.load("model", reference())];
  assert.equal(both[0], both[1]);
  await assert.rejects(both[0]);
  await loader.load("model", reference());
  assert.equal(asked, 3);
});

test("what finds no room is counted and the demo has it all the same", async () => {
  answer = send(STORED);
  const { assets: loader, kept } = assets({ ...store(), hasRoom: async () => false });
  assert.deepEqual(Buffer.from(await loader.load("model", reference())), CONTENT);
  assert.equal(await loader.save(), CONTENT.length);
  loader.forget();
  assert.equal(loader.unsaved.size, 0);
  // It is still not on the device, until another tab has kept it.
  assert.equal(await loader.save(), CONTENT.length);
  kept.kept.set(sha256(CONTENT), CONTENT);
  assert.equal(await loader.save(), 0);
});

test("what the device took and lost, as on a full disk, is not kept", async () => {
  answer = send(STORED);
  const { assets: loader, kept } = assets();
  await loader.load("model", reference());
  assert.equal(await loader.save(), 0);
  assert.equal(await loader.save(), 0);
  kept.kept.clear();
  assert.equal(await loader.save(), CONTENT.length);
});

test("what took long to come is kept at once", async () => {
  answer = (response) => setTimeout(() => response.end(STORED), 1100);
  const { assets: loader, kept } = assets();
  await loader.load("model", reference());
  await Promise.all(loader.keeping.values());
  assert.deepEqual([...kept.kept.keys()], [sha256(CONTENT)]);
});

test("what was saved is read without the network", async () => {
  answer = send(STORED);
  const { assets: first, kept } = assets();
  await first.load("model", reference());
  await first.save();
  const { assets: second } = assets(kept);
  assert.deepEqual(Buffer.from(await second.load("model", reference())), CONTENT);
  assert.equal(asked, 0);
  assert.equal(second.bytes, STORED.length);
});

test("a kept file that was changed is thrown away and fetched again", async () => {
  answer = send(STORED);
  const kept = store(new Map([[sha256(CONTENT), new Uint8Array(CONTENT.length)]]));
  const { assets: loader } = assets(kept);
  assert.deepEqual(Buffer.from(await loader.load("model", reference())), CONTENT);
  assert.equal(asked, 1);
  assert.equal(kept.kept.size, 0);
});

test("parts are read side by side and joined in order", async () => {
  const halves = [CONTENT.subarray(0, 17_000), CONTENT.subarray(17_000)];
  // The first part comes last.
  answer = (response, _count, { url }) => setTimeout(() => response.end(gzipSync(halves[Number(url.at(-1))])), url.endsWith("0") ? 60 : 1);
  const { assets: loader, progress } = assets();
  const parts = halves.map((half, i) => ({ ...reference(half, gzipSync(half)), url: `part${i}` }));
  assert.deepEqual(Buffer.from(await loader.loadJoined("model", parts)), CONTENT);
  const total = parts[0].bytes + parts[1].bytes;
  assert.deepEqual(progress.at(-1), { what: "model", loaded: total, total });
  assert.ok(progress.every((one) => one.total === total), "the total is known from the start");
});

test("what comes after other files is not asked of the network before, and is read from the device at once", async () => {
  answer = send(STORED);
  let free = () => undefined;
  const after = { model: new Promise((resolve) => { free = () => resolve(undefined); }) };
  const loader = new Assets({ base, store: store(), report: () => undefined, after });
  asked = 0;
  const model = loader.load("model", reference());
  const other = Buffer.from("numpy ".repeat(5000));
  answer = (response, _, request) => response.end(request.url.endsWith("numpy.whl") ? other : STORED);
  await loader.load("packages", { url: "numpy.whl", bytes: other.length, size: other.length, sha256: sha256(other) });
  assert.equal(asked, 1);
  free();
  await model;
  assert.equal(asked, 2);

  const kept = store(new Map([[sha256(CONTENT), new Uint8Array(CONTENT)]]));
  const again = new Assets({ base, store: kept, report: () => undefined, after: { model: new Promise(() => undefined) } });
  assert.deepEqual(Buffer.from(await again.load("model", reference())), CONTENT);
  assert.equal(asked, 2);
});

test("a file that won't come does not keep those back that wait for the line", async () => {
  answer = (response) => response.writeHead(404).end();
  const { assets: loader } = assets();
  const missing = loader.load("model", reference());
  await loader.received();
  await assert.rejects(missing, { stage: "download" });
  assert.equal(loader.inFlight.size, 0);
});

test("the line is free with the last byte, before anything is decoded and verified", async () => {
  answer = send(STORED);
  const { assets: loader } = assets();
  const events = [];
  const loading = loader.load("model", reference()).then(() => events.push("here"));
  await loader.received().then(() => events.push("received"));
  await loading;
  assert.deepEqual(events, ["received", "here"]);
  await loader.received();
});

test("those who need the line soon may ask before the last byte", async () => {
  let end = () => undefined;
  answer = (response) => {
    response.write(STORED.subarray(0, STORED.length - 10));
    end = () => response.end(STORED.subarray(STORED.length - 10));
  };
  const { assets: loader } = assets();
  const loading = loader.load("model", reference());
  await loader.received(10);
  assert.equal(loader.counters.get("model").loaded, STORED.length - 10);
  end();
  await loading;
});

test("the time that is left is what is missing at the speed since the first byte, once what waited is counted", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const { assets: loader } = assets();
  const ask = async (what, meanwhile = () => undefined) => {
    const left = loader.timeLeft(what);
    meanwhile();
    t.mock.timers.tick(200);
    return left;
  };
  assert.equal(await ask("Python"), 0);
  loader.expect("model", [{ ...reference(), bytes: 3000 }]);
  loader.inFlight.set("a", Promise.resolve());
  loader.count("model", 100);
  now = 2000;
  assert.equal(await ask("model", () => loader.count("model", 900)), 2000);
  assert.equal(await ask("model", () => loader.count("model", 2000)), 0);
});

test("before the first byte nothing is known, and one that never comes is waited for until it is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { assets: loader } = assets();
  loader.expect("model", [reference()]);
  loader.inFlight.set("a", Promise.resolve());
  let left;
  const asked = loader.timeLeft("model").then((value) => { left = value; });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(200);
    await turn();
  }
  assert.equal(left, undefined);
  loader.inFlight.clear();
  t.mock.timers.tick(200);
  await asked;
  assert.equal(left, 0);
});
