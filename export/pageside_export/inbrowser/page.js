/**
 * Runs variants of a model in onnxruntime-web for `pageside export`, which opens this page in Chromium.
 *
 * @typedef {{id: string, url: string, config: Record<string, Record<string, string>>}} Variant
 * @typedef {{name: string, dtype: string, shape: number[], url: string}} Feed
 */

/** Calls before the counted ones, counted calls, and the milliseconds after which a slow model gets fewer. */
const WARM = 2, CALLS = 7, FEW = 3, SLOW_MS = 5_000;

/** @param {string} url */
async function read(url) {
  return (await fetch(url)).arrayBuffer();
}

/** @param {string} name @param {number} threads */
async function load(name, threads) {
  const ort = await import(`./ort/ort.${name}.min.mjs`);
  ort.env.wasm.wasmPaths = new URL("./ort/", location.href).href;
  ort.env.wasm.numThreads = threads;
  return ort;
}

/** @param {any} ort @param {Variant} variant @param {object} more */
async function open(ort, { url, config }, more) {
  const bytes = new Uint8Array(await read(url));
  return ort.InferenceSession.create(bytes, { logSeverityLevel: 3, extra: config, ...more });
}

/** @param {any} ort @param {Feed[]} feeds */
async function tensors(ort, feeds) {
  const inputs = {};
  for (const { name, dtype, shape, url } of feeds) {
    const kinds = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array, uint64: BigUint64Array,
      int32: Int32Array, uint32: Uint32Array, int16: Int16Array, uint16: Uint16Array, int8: Int8Array, uint8: Uint8Array,
      bool: Uint8Array, float16: globalThis.Float16Array ?? Uint16Array };
    inputs[name] = new ort.Tensor(dtype, new kinds[dtype](await read(url)), shape);
  }
  return inputs;
}

/** @param {any} session @param {Record<string, any>} inputs Some of them the exporter may have left out. */
const taken = (session, inputs) => Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]]));

/**
 * Milliseconds of one call of each variant on WASM, in turns; or why a variant can't run there.
 * @param {{variants: Variant[], feeds: Feed[], threads: number}} asked
 */
export async function timeWasm({ variants, feeds, threads }) {
  const ort = await load("wasm", threads);
  const inputs = await tensors(ort, feeds);
  const seen = {}, sessions = [];
  for (const variant of variants) {
    seen[variant.id] = { times: [], failed: "" };
    try {
      sessions.push([variant.id, await open(ort, variant, { executionProviders: ["wasm"] })]);
    } catch (error) {
      seen[variant.id].failed = String(error.message ?? error);
    }
  }
  const start = performance.now();
  for (let turn = 0; turn < WARM + CALLS; turn++) {
    if (turn >= WARM + FEW && performance.now() - start > SLOW_MS) break;
    for (const [id, session] of sessions) {
      if (seen[id].failed) continue;
      try {
        const before = performance.now();
        await session.run(taken(session, inputs));
        if (turn >= WARM) seen[id].times.push(performance.now() - before);
      } catch (error) {
        seen[id].failed = String(error.message ?? error);
      }
    }
  }
  return seen;
}

/**
 * What onnxruntime logs of where it puts each variant's operators when WebGPU is asked for; or why there is no session.
 * @param {{variants: Variant[]}} asked
 */
export async function placeWebgpu({ variants }) {
  const seen = {}, kept = {};
  let lines = [];
  for (const kind of ["log", "info", "debug", "warn", "error"]) {
    kept[kind] = console[kind];
    console[kind] = (...words) => lines.push(words.join(" "));
  }
  try {
    const ort = await load("jspi", 1);
    ort.env.logLevel = "verbose";
    for (const variant of variants) {
      lines = [];
      seen[variant.id] = await placed(ort, variant);
      seen[variant.id].lines = lines.filter((line) => line.includes("VerifyEachNodeIsAssignedToAnEp"));
    }
    return seen;
  } finally {
    Object.assign(console, kept);
  }
}

/** @param {any} ort @param {Variant} variant */
async function placed(ort, variant) {
  try {
    const session = await open(ort, variant, { executionProviders: ["webgpu"], logSeverityLevel: 0, logVerbosityLevel: 1 });
    await session.release();
    return { failed: "" };
  } catch (error) {
    return { failed: String(error.message ?? error) };
  }
}

/**
 * One call of each variant on WebGPU: its milliseconds, shaders and all, and what came out; or why not. A call that
 * goes on holds the adapter, so after one that is given up no other is made.
 * @param {{variants: Variant[], feeds: Feed[], seconds: number, together: number}} asked Limits of one call and of all.
 */
export async function runWebgpu({ variants, feeds, seconds, together }) {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return { adapter: null, variants: {} };
  const { vendor, architecture, device, description, isFallbackAdapter = false } = adapter.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ");
  const seen = {}, end = performance.now() + 1000 * together;
  const ort = await load("jspi", 1);
  const inputs = await tensors(ort, feeds);
  for (const variant of variants) {
    const limit = Math.min(1000 * seconds, end - performance.now());
    if (limit <= 0) break;
    let late = false;
    const clock = new Promise((resolve) => setTimeout(() => {
      late = true;
      resolve({ failed: `no answer after ${Math.round(limit / 1000)} s` });
    }, limit));
    seen[variant.id] = await Promise.race([clock, called(ort, variant, inputs)]);
    if (late) break;
  }
  return { adapter: { name, fallback: isFallbackAdapter }, variants: seen };
}

/** @param {any} ort @param {Variant} variant @param {Record<string, any>} inputs */
async function called(ort, variant, inputs) {
  try {
    const session = await open(ort, variant, { executionProviders: ["webgpu"] });
    const before = performance.now();
    const answers = await session.run(taken(session, inputs));
    const ms = performance.now() - before;
    const outputs = Object.entries(answers).map(([name, { type, dims, data }]) => ({ name, dtype: type, shape: dims, data: base64(data) }));
    await session.release();
    return { failed: "", ms, outputs };
  } catch (error) {
    return { failed: String(error.message ?? error) };
  }
}

/** @param {ArrayBufferView} view */
function base64(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength), pieces = [];
  for (let i = 0; i < bytes.length; i += 0x8000) pieces.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  return btoa(pieces.join(""));
}
