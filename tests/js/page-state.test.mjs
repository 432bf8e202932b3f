import assert from "node:assert/strict";
import { test } from "node:test";
import { badgeParts, describeBackend, faultTitle, progressWords, sameInterface, storageWords, worthRetrying } from "../../site/src/page/state.js";
import { formatBytes, formatCosine, formatMilliseconds, formatPercent } from "../../site/src/shared/format.js";

const STATUS = {
  state: "ready", backend: "wasm", variant: "int8w", threads: 2, cosine: 0.99984, milliseconds: 14.2, bytes: 1, backends: [],
};

test("the badge", () => {
  const words = (more) => badgeParts({ ...STATUS, ...more }).join(" · ");
  assert.equal(words({}), "WASM · 2 threads · 14 ms · verified, cos 0.9998");
  assert.equal(words({ threads: 1 }), "WASM · 1 thread · 14 ms · verified, cos 0.9998");
  assert.equal(words({ backend: "webgpu", cosine: 1 }), "WebGPU · 14 ms · verified, cos 1.0000");
  assert.equal(words({ backend: "python", cosine: null }), "Python · runs on your device");
  assert.equal(words({ cosine: null, milliseconds: null }), "WASM · 2 threads · not verified");
});

test("progress names what has most to come, in one unit", () => {
  const progress = (...items) => new Map(items.map(([what, loaded, total]) => [what, { what, loaded, total }]));
  assert.deepEqual(progressWords(new Map()), { words: "Starting to load", details: [], share: 0 });
  const both = progressWords(progress(["model", 4e6, 5e6], ["Python", 3.1e6, 5.4e6]));
  assert.equal(both.words, "Loading Python 3.1 of 5.4 MB");
  assert.deepEqual(both.details, ["model 4.0 of 5.0 MB", "Python 3.1 of 5.4 MB"]);
  assert.equal(both.share.toFixed(3), "0.683");
  assert.equal(progressWords(progress(["model", 800e3, 5e6])).words, "Loading model 800 kB of 5.0 MB");
  assert.equal(progressWords(progress(["model", 5e6, 5e6])).words, "Loaded; starting and checking");
  const model = { what: "model", loaded: 1e6, total: 5e6, worker: "models", rate: 2_140_000.4 };
  assert.equal(progressWords(new Map([["model", model]])).words, "Loading model 1.0 of 5.0 MB · 2.1 MB/s");
  const others = [{ ...model, what: "onnxruntime", loaded: 3e6 }, { ...model, what: "Python", loaded: 4e6, worker: "python", rate: 1e6 }];
  const together = new Map([model, ...others].map((one) => [one.what, one]));
  assert.equal(progressWords(together).words, "Loading model 1.0 of 5.0 MB · 3.1 MB/s");
});

test("what the device keeps", () => {
  assert.equal(storageWords(STATUS), "");
  assert.equal(storageWords({ ...STATUS, storage: "kept" }), "Kept on this device for the next visit.");
  assert.match(storageWords({ ...STATUS, storage: "full" }), /^This device has no room to keep the files: the demo works/);
  assert.match(storageWords({ ...STATUS, storage: "blocked" }), /^This browser lets the page keep nothing: the demo works/);
});

test("a backend that is not used says why", () => {
  const report = {
    id: "webgpu", variant: "fp32", state: "wrong", cosine: 0.03, relative_error: 1.4, milliseconds: 1100, reason: "It misses.",
  };
  assert.deepEqual(describeBackend(report), {
    name: "WebGPU", state: "wrong on this device", reason: "It misses.",
    numbers: "fp32 · 1.1 s · cos 0.0300 against PyTorch · relative error 1.4e+0 against native onnxruntime",
  });
});

test("an edit that changes only the description is not drawn anew", () => {
  const config = { title: "a", description_html: "x", article_html: "", inputs: [{ type: "textbox", label: "n", props: { a: 1, b: 2 } }] };
  const reordered = { ...config, description_html: "", inputs: [{ props: { b: 2, a: 1 }, label: "n", type: "textbox" }] };
  assert.equal(sameInterface(config, reordered), true);
  assert.equal(sameInterface(config, { ...config, inputs: [] }), false);
});

test("stages", () => {
  assert.equal(worthRetrying({ stage: "download" }), true);
  assert.equal(worthRetrying({ stage: "python" }), false);
  assert.equal(worthRetrying({ stage: "python", name: "PythonStopped" }), true);
  assert.equal(faultTitle({ stage: "integrity" }), "A file is not what was published");
  assert.equal(faultTitle(new Error("x")), "Something went wrong");
});

test("numbers are never nicer than they are", () => {
  assert.equal(formatCosine(0.99999), "0.9999");
  assert.equal(formatCosine(0.9998), "0.9998");
  assert.equal(formatCosine(1), "1.0000");
  assert.equal(formatPercent(0.9999), "99%");
  assert.equal(formatPercent(1), "100%");
  assert.equal(formatPercent(0.0004), "<0.1%");
  assert.equal(formatPercent(0), "0%");
  assert.equal(formatPercent(0.0615), "6.2%");
  assert.equal(formatBytes(1), "1 byte");
  assert.equal(formatBytes(812_000), "812 kB");
  assert.equal(formatBytes(999_600), "1.0 MB");
  assert.equal(formatMilliseconds(0.42), "0.4 ms");
  assert.equal(formatMilliseconds(14.2), "14 ms");
  assert.equal(formatMilliseconds(2345), "2.3 s");
});
