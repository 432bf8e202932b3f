/** Makes a backend ready: its onnxruntime build, and for each model of the demo the first variant that is right there. */

import { FaultError, isCrash, isOutOfMemory } from "../shared/fault.js";
import { hasPromiseIntegration } from "../shared/features.js";
import { check, loadCalls, loadTensors } from "./golden.js";
import { findAdapter } from "./gpu.js";
import { figures, untried } from "./reports.js";
import { Runtime } from "./session.js";

/** @typedef {import("./session.js").Tensors} Tensors */
/** @typedef {import("./session.js").Values} Values */
/** @typedef {{(inputs: Tensors): Promise<Tensors>, (inputs: Values, keep: string[]): Promise<Values>}} Run */
/** @typedef {import("./golden.js").Verdict} Verdict */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").BackendReport} BackendReport */
/** @typedef {import("../protocol.js").ModelEntry} ModelEntry */
/** @typedef {import("../protocol.js").Variant} Variant */

/**
 * One model that is right on one backend.
 * @typedef {object} Checked
 * @property {import("./session.js").InferenceSession} session
 * @property {Variant} variant
 * @property {Verdict} verdict
 * @property {Run} run
 */

/**
 * A backend on which every model is right.
 * @typedef {object} Ready
 * @property {BackendId} id
 * @property {Map<string, Checked>} models
 * @property {Promise<never>} lost rejects when the GPU device is lost
 */

/** A rehearsal takes about as long as onnxruntime's start did; so many times that long the weights must take at least. */
const REHEARSAL = 3;
/** A first call in a page takes at most so many times what the build measured natively, and has to be over by then too. */
const FIRST_CALL = 10;

/** A backend or variant that is not used, and why. */
export class NotRight extends Error {
  /**
   * @param {"wrong" | "failed"} state
   * @param {string} message
   * @param {Verdict[]} [verdicts]
   */
  constructor(state, message, verdicts = []) {
    super(message);
    this.state = state;
    this.figures = figures(verdicts);
  }

  /** @param {string} [prefix] what could not be done */
  toFault(prefix = "") {
    const hint = "Choose another backend in the panel below, or open the page without ?backend= in its address.";
    return isOutOfMemory(this) ? new FaultError("memory", prefix + this.message) : new FaultError("model", prefix + this.message, { hint });
  }

  /** @param {unknown} error */
  static from(error) {
    if (error instanceof NotRight) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new NotRight("failed", isCrash(error) ? `onnxruntime stopped: ${message}` : message);
  }
}

export class Preparer {
  /**
   * @param {object} options
   * @param {Bundle} options.bundle
   * @param {string} options.base
   * @param {import("./assets.js").Assets} options.assets
   * @param {import("./reports.js").Reports} options.reports
   * @param {number} options.threads
   */
  constructor({ bundle, base, assets, reports, threads }) {
    this.bundle = bundle;
    this.base = base;
    this.assets = assets;
    this.reports = reports;
    this.threads = threads;
    /** @type {Map<BackendId, Promise<Ready>>} */
    this.ready = new Map();
    /** @type {Map<string, Promise<Runtime>>} */
    this.runtimes = new Map();
    /** Variants that crashed onnxruntime here, by backend, model and variant; never tried again. @type {Map<string, NotRight>} */
    this.crashed = new Map();
    /** How often onnxruntime crashed here in a check. */
    this.crashes = 0;
    /** WebAssembly does without threads since then: they may be why it crashed. */
    this.goesWithoutThreads = false;
  }

  /**
   * The ids of the variants to try first, one a model; null where a model has none for this backend.
   * @param {BackendId} id
   */
  firstVariants(id) {
    const lists = this.bundle.models.map((model) => model.backends[id] ?? []);
    return lists.every((list) => list.length) ? [...new Set(lists.map((list) => list[0]))] : null;
  }

  /**
   * @param {BackendId} id
   * @returns {Promise<Ready>} one promise a backend; a failed one is forgotten, so that it can be tried again
   * @throws {NotRight} for a backend that can't be used, whose report says why
   * @throws {FaultError} for a file that can't be read or is not the published one
   */
  prepare(id) {
    const known = this.ready.get(id);
    if (known) return known;
    this.reports.clear(id);
    const preparing = this.checkUntilSound(id).catch((error) => {
      this.ready.delete(id);
      const reported = this.reports.list.some((report) => report.id === id && report.reason);
      if (!reported) this.reports.add(missReport(id, "", NotRight.from(error)));
      throw error;
    });
    this.ready.set(id, preparing);
    return preparing;
  }

  /**
   * Frees what a backend holds.
   * @param {Ready} ready
   */
  async release(ready) {
    this.ready.delete(ready.id);
    for (const { session } of ready.models.values()) await session.release();
  }

  /**
   * A variant that crashes takes the sessions of all models with it: then all are checked anew, without threads or that one.
   * @param {BackendId} id
   * @returns {Promise<Ready>}
   */
  async checkUntilSound(id) {
    const before = this.crashes;
    try {
      return await this.checkAll(id);
    } catch (error) {
      if (this.crashes === before) throw error;
      return this.checkUntilSound(id);
    }
  }

  /**
   * @param {BackendId} id
   * @returns {Promise<Ready>}
   */
  async checkAll(id) {
    if (!this.firstVariants(id)) throw new NotRight("failed", "the bundle has no variant for it");
    if (id === "webgpu" && !(await findAdapter())) throw new NotRight("failed", "this browser gives no WebGPU adapter");
    const runtime = this.runtime(id);
    runtime.catch(() => undefined);
    const checked = await Promise.all(this.bundle.models.map((model) => this.pick(model, id, runtime)));
    const variant = [...new Set(checked.map((model) => model.variant.id))].join(", ");
    this.reports.add({ ...untried(id, variant), ...figures(checked.map(({ verdict }) => verdict)), state: "ok" });
    const lost = (await runtime).deviceLost().then((why) => {
      throw new FaultError("device lost", `the GPU device was lost: ${why}`);
    });
    lost.catch(() => undefined);
    return { id, models: new Map(this.bundle.models.map((model, i) => [model.name, checked[i]])), lost };
  }

  /**
   * @param {ModelEntry} model
   * @param {BackendId} id
   * @param {Promise<Runtime>} runtime
   * @returns {Promise<Checked>}
   */
  async pick(model, id, runtime) {
    let miss = new NotRight("failed", `${model.name}: the bundle has no variant for it`);
    for (const { variantId, lacking } of await inOrder(model, id)) {
      const name = [id, model.name, variantId].join(" ");
      miss = this.crashed.get(name) ?? miss;
      if (this.crashed.has(name)) continue;
      try {
        return await this.tryVariant(model, usable(model, variantId, lacking), { id, runtime });
      } catch (error) {
        if (error instanceof FaultError) throw error;
        miss = NotRight.from(error);
        // Another model's crash may be why this one did not run.
        const isOthers = isCrash(error) && !this.drop(id, runtime);
        if (isCrash(error) && !isOthers) miss = this.blame(id, name, miss);
        if (!isOthers) this.reports.add(missReport(id, variantId, miss));
        if (isCrash(error)) throw miss;
      }
    }
    throw miss;
  }

  /**
   * A crash is first blamed on WebAssembly's threads, then on the variant.
   * @param {BackendId} id
   * @param {string} name of the variant in `crashed`
   * @param {NotRight} miss
   * @returns {NotRight}
   */
  blame(id, name, miss) {
    this.crashes += 1;
    if (id === "wasm" && this.threads > 1 && !this.goesWithoutThreads && !isOutOfMemory(miss)) {
      this.goesWithoutThreads = true;
      return new NotRight(miss.state, `with ${this.threads} threads: ${miss.message}`);
    }
    this.crashed.set(name, miss);
    return miss;
  }

  /**
   * @param {ModelEntry} model
   * @param {Variant} variant
   * @param {{id: BackendId, runtime: Promise<Runtime>}} backend
   * @returns {Promise<Checked>}
   */
  async tryVariant(model, variant, { id, runtime }) {
    // First on the line, since it is little.
    const inputs = loadTensors(this.assets, model.golden[0]?.inputs ?? {});
    const parts = this.assets.loadJoined("model", variant.parts);
    const rehearsing = id === "wasm" ? this.rehearse(variant, { runtime, inputs, parts }) : undefined;
    const [bytes, calls, ort] = await Promise.all([parts, loadCalls(this.assets, model, variant.id), runtime, rehearsing]);
    const session = await ort.create(bytes, id, configOf(variant, id), model.keep);
    this.threads = ort.threads;
    const run = /** @type {Run} */ (/** @type {(inputs: Values, keep?: string[]) => Promise<any>} */ (
      (inputs, keep) => ort.run(session, inputs, keep)));
    try {
      const verdict = await check(calls, model, run, variant);
      if (verdict.problem) throw new NotRight("wrong", verdict.problem, [verdict]);
      return { session, variant, verdict, run };
    } catch (error) {
      if (!isCrash(error)) await session.release();
      throw error;
    }
  }

  /**
   * A model's graph is opened and run before its weights are there, where those take long: the browser compiles then what
   * it would compile while somebody waits.
   * @param {Variant} variant
   * @param {object} coming
   * @param {Promise<Runtime>} coming.runtime
   * @param {Promise<Tensors>} coming.inputs of a golden call
   * @param {Promise<Uint8Array>} coming.parts the weights
   */
  async rehearse(variant, { runtime, inputs, parts }) {
    const { rehearsal, measured } = variant;
    const [ort, feeds] = await Promise.all([runtime, inputs]);
    if (!rehearsal) return;
    const left = await Promise.race([this.assets.timeLeft("model"), parts.then(() => 0)]);
    if (left < REHEARSAL * ort.startTime + FIRST_CALL * measured.native_ms) return;
    try {
      const session = await ort.create(await this.assets.load("onnxruntime", rehearsal), "wasm", configOf(variant, "wasm"));
      await ort.run(session, feeds).finally(() => session.release());
    } catch (error) {
      // It was a rehearsal only, unless onnxruntime is broken now.
      if (isCrash(error)) throw error;
    }
  }

  /**
   * @param {BackendId} id
   * @returns {Promise<Runtime>}
   */
  runtime(id) {
    const name = buildFor(id);
    const known = this.runtimes.get(name);
    if (known) return known;
    const { module, glue, binary, product_switch: productSwitch } = this.bundle.runtime.ort[name];
    const loading = Runtime.load({
      // After a crash at another address, so that it is another module with a memory of its own.
      module: new URL(module, this.base).href + (this.crashes ? `#${this.crashes}` : ""),
      glue: new URL(glue, this.base).href,
      binary: this.assets.load("onnxruntime", binary),
      productSwitch,
      integers: this.allowsIntegers(id),
      threads: id === "wasm" && this.goesWithoutThreads ? 1 : this.threads,
    });
    this.runtimes.set(name, loading);
    loading.catch(() => this.runtimes.delete(name));
    return loading;
  }

  /**
   * Whether the variants to try first let their products of floats be made in integers; one build runs them all.
   * @param {BackendId} id
   */
  allowsIntegers(id) {
    return this.bundle.models.every(({ backends, variants }) =>
      variants.some((variant) => variant.id === backends[id][0] && variant.integer_products));
  }

  /**
   * @param {BackendId} id
   * @param {Promise<Runtime>} runtime one that crashed
   * @returns {boolean} whether it was in use until now
   */
  drop(id, runtime) {
    return this.runtimes.get(buildFor(id)) === runtime && this.runtimes.delete(buildFor(id));
  }
}

/** @param {BackendId} id */
function buildFor(id) {
  return id === "wasm" ? "wasm" : hasPromiseIntegration() ? "jspi" : "asyncify";
}

/** @param {Variant} variant @param {BackendId} id @returns {Record<string, string>} entries of the session's configuration */
function configOf({ session_config: always, wasm_config: onWasm }, id) {
  return id === "wasm" ? { ...always, ...onWasm } : always;
}

/**
 * @param {ModelEntry} model
 * @param {string} variantId
 * @param {string | undefined} lacking what it needs and this device does not have
 * @returns {Variant}
 * @throws {NotRight} where it can't be tried
 */
function usable(model, variantId, lacking) {
  const variant = model.variants.find((candidate) => candidate.id === variantId);
  if (!variant) throw new NotRight("failed", `${model.name}: the bundle has no variant "${variantId}"`);
  if (lacking) throw new NotRight("failed", `${model.name}: this device's WebGPU has no ${lacking}`);
  return variant;
}

/**
 * A backend's variants in their order, those last that need what this device's WebGPU lacks.
 * @param {ModelEntry} model
 * @param {BackendId} id
 */
async function inOrder({ backends, variants }, id) {
  const features = id === "webgpu" ? (await findAdapter())?.features : undefined;
  const all = backends[id].map((variantId) => {
    const needs = id === "webgpu" ? variants.find((variant) => variant.id === variantId)?.needs ?? [] : [];
    return { variantId, lacking: needs.find((feature) => !features?.has(feature)) };
  });
  return [...all.filter(({ lacking }) => !lacking), ...all.filter(({ lacking }) => lacking)];
}

/**
 * @param {BackendId} id
 * @param {string} variant
 * @param {NotRight} miss
 * @returns {BackendReport}
 */
function missReport(id, variant, miss) {
  return { ...untried(id, variant), ...miss.figures, state: miss.state, reason: miss.message };
}
