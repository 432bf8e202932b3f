import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

/** The decoder as the build makes it from npm's package. */
const PACKAGE = readFileSync(new URL("../../node_modules/zstddec/dist/zstddec.mjs", import.meta.url), "utf8");
const DECODER = gzipSync(Buffer.from(/const wasm = "([A-Za-z0-9+/=]+)"/.exec(PACKAGE)[1], "base64"));
/** What comes for everything else than the decoder. */
let body;
globalThis.fetch = async (url) => new Response(String(url).includes("zstddec") ? DECODER : body());
const { frameEnd, Unpacker } = await import("../../site/src/worker/zstd.js");
const { Assets } = await import("../../site/src/worker/assets.js");

/** Frames that python-zstandard made of TEXT; one that says no size, of 300 times "a", and of nothing. */
const TEXT = "ggaehgehfdcecbecebbfhbfgfdhheaabgahfdfbdddchbbfhbeebfdehbgfd";
const FRAME = bytes("KLUv/SA8LQEAwkMICeDpUkq5E4DRARmvsqW7byR5WYEDqM24u1foUGQVKyADAA==");
const CHECKED = bytes("KLUv/SQ8LQEAwkMICeDpUkq5E4DRARmvsqW7byR5WYEDqM24u1foUGQVKyADAKHx7P4=");
const UNSIZED = bytes("KLUv/QAA4QEAZ2dhZWhnZWhmZGNlY2JlY2ViYmZoYmZnZmRoaGVhYWJnYWhmZGZiZGRkY2hiYmZoYmVlYmZkZWhiZ2Zk");
const REPEATED = bytes("KLUv/WAsAE0AABBhYQEAJyrAAg==");
const EMPTY = bytes("KLUv/SAAAQAA");

function bytes(base64) {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function joined(...arrays) {
  return new Uint8Array(Buffer.concat(arrays));
}

const text = (array) => Buffer.from(array).toString();

test("a frame ends where its last block does, or its checksum", () => {
  for (const frame of [FRAME, CHECKED, UNSIZED, REPEATED, EMPTY]) {
    assert.equal(frameEnd(joined(FRAME, frame, FRAME), FRAME.length), FRAME.length + frame.length);
    for (let cut = 0; cut < frame.length; cut++) assert.equal(frameEnd(frame.subarray(0, cut), 0), 0);
  }
  assert.equal(frameEnd(Buffer.from("what a host decoded"), 0), 0);
});

test("frames are decoded while others are on their way", async () => {
  const packed = joined(FRAME, REPEATED, CHECKED, EMPTY);
  const unpacker = new Unpacker(420);
  await unpacker.ready;
  unpacker.take(packed.subarray(0, FRAME.length - 1));
  assert.equal(unpacker.done, 0);
  unpacker.take(packed.subarray(0, FRAME.length + 3));
  assert.equal(unpacker.done, TEXT.length);
  unpacker.take(packed.subarray(0, FRAME.length + REPEATED.length));
  assert.equal(unpacker.done, TEXT.length + 300);
  assert.equal(text(await unpacker.finish(packed)), TEXT + "a".repeat(300) + TEXT);
});

test("all may have come before the decoder has", async () => {
  const unpacker = new Unpacker(120);
  unpacker.take(joined(FRAME, FRAME));
  assert.equal(unpacker.done, 0);
  assert.equal(text(await unpacker.finish(joined(FRAME, FRAME))), TEXT + TEXT);
});

test("what a host decoded on its own is given as it is", async () => {
  const plain = new Uint8Array(Buffer.from(TEXT));
  assert.equal(await new Unpacker(60).finish(plain), plain);
});

test("frames that are cut off, damaged, or hold more than the file", async () => {
  await assert.rejects(new Unpacker(120).finish(joined(FRAME, FRAME.subarray(0, 20))), { message: "the last frame is not whole" });
  await assert.rejects(new Unpacker(60).finish(FRAME.subarray(0, 20)), { message: "the last frame is not whole" });
  await assert.rejects(new Unpacker(120).finish(joined(FRAME, Buffer.from("rubbish"))), { message: "the last frame is not whole" });
  const more = { message: "no Zstandard data, or more than there should be" };
  await assert.rejects(new Unpacker(100).finish(joined(FRAME, FRAME)), more);
  await assert.rejects(new Unpacker(100).finish(UNSIZED), more);
  const damaged = CHECKED.slice();
  damaged[20] ^= 1;
  await assert.rejects(new Unpacker(60).finish(damaged), { message: "no Zstandard data" });
});

test("a download ends with the first frame that can't be decoded", async () => {
  const damaged = CHECKED.slice();
  damaged[damaged.length - 1] ^= 1;
  let sent = 0, ended = 0;
  body = () => new ReadableStream({
    // Without an end of its own, slower than it is read.
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      controller.enqueue([FRAME, damaged][sent++] ?? FRAME);
    },
    cancel: () => { sent = 0; ended += 1; },
  });
  const store = { get: async () => null, put: async () => true, hasRoom: async () => true, delete: async () => undefined };
  const assets = new Assets({ base: "https://host/demo/", store, report: () => undefined, backOff: [1] });
  const file = { url: "models/a/0.bin.zst", bytes: 1e6, size: 1e6, sha256: "0".repeat(64), encoding: "zstd" };
  await assert.rejects(assets.load("model", file), { stage: "integrity", message: /zstd data can't be decoded/ });
  // Asked for once more, past the browser's cache, before it is given up.
  assert.equal(ended, 2);
});
