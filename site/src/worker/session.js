/** onnxruntime-web, and nothing else that imports it: one build loaded from verified bytes, sessions, and runs. */

import { asDType } from "../shared/dtype.js";
import { FaultError } from "../shared/fault.js";
import { isWebKit } from "../shared/features.js";

/** @typedef {import("../shared/dtype.js").Tensor} Tensor */
/** @typedef {import("../shared/dtype.js").DType} DType */
/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("onnxruntime-web").InferenceSession} InferenceSession */
/** @typedef {import("onnxruntime-web").Tensor} OrtTensor */
/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {Record<string, Tensor>} Tensors */
/** What stays where it was computed. @typedef {{dtype: DType, shape: number[], held: Held}} HeldTensor */
/** What a model is given, and what it gives. @typedef {Record<string, Tensor | HeldTensor>} Values */

const ERRORS_ONLY = 3;
/** Firefox now and then never starts a build's threads; then it starts again with one. In milliseconds. */
const THREADS_START = 10_000;

/** An ONNX model of one product, (32, 1024) by (1024, 32), made by `onnx.helper`. */
const PRODUCT = "CAg6VwoRCgFhCgFiEgF5IgZNYXRNdWwSAWdaFAoBYRIPCg0IARIJCgIIIAoDCIAIWhQKAWISDwoNCAESCQoDCIAICgIIIGITCgF5Eg4KDAgB" +
  "EggKAgggCgIIIEIECgAQDQ==";
/** As many products as make the browser compile their inner loops for good. */
const PRODUCTS = 16;
/** In the byte `productSwitch`: products of floats are left to onnxruntime's own kernel; they may be made in integers. */
const THEIRS = 1, INTEGERS = 2;

/**
 * @typedef {object} Build
 * @property {string} module absolute URL of the vendored module
 * @property {string} glue absolute URL of Emscripten's JavaScript
 * @property {Promise<Uint8Array>} binary
 * @property {number} productSwitch the byte of `binary` that says how products of floats are made
 * @property {boolean} integers whether they may be made in integers of sixteen bits
 * @property {number} threads
 */

/** One build of onnxruntime-web, ready to make sessions. */
export class Runtime {
  /**
   * @param {Ort} ort
   * @param {number} [threads]
   * @param {() => Promise<Ort>} [again] the same build anew, with one thread
   */
  constructor(ort, threads = 1, again = undefined) {
    this.ort = ort;
    this.threads = threads;
    this.again = again;
    /** @type {Promise<void> | undefined} */
    this.fallingBack = undefined;
    this.hasStarted = false;
    /** Milliseconds that the first session and its products took: how fast this device is. */
    this.startTime = 0;
    /** Runs wait for each other: onnxruntime-web refuses a second one while the first is out. @type {Promise<unknown>} */
    this.last = Promise.resolve();
  }

  /**
   * onnxruntime compiles itself for its first session: here, while the models are still on their way.
   * @param {Build} build
   */
  static async load(build) {
    const runtime = new Runtime(await loadOrt(build, build.module), build.threads, () =>
      // Another address, so another module with a state of its own.
      loadOrt({ ...build, threads: 1 }, `${build.module}#one-thread`));
    const start = performance.now();
    const session = await runtime.create(Uint8Array.from(atob(PRODUCT), (sign) => sign.charCodeAt(0)), "wasm", {});
    const data = new Float32Array(32 * 1024), dtype = /** @type {DType} */ ("float32");
    const feeds = { a: { dtype, shape: [32, 1024], data }, b: { dtype, shape: [1024, 32], data } };
    for (let i = 0; i < PRODUCTS; i++) await runtime.run(session, feeds);
    await session.release();
    runtime.startTime = performance.now() - start;
    return runtime;
  }

  /**
   * @param {Uint8Array} model the ONNX file
   * @param {BackendId} backend
   * @param {Record<string, string>} config entries of onnxruntime's session configuration
   * @param {string[]} [keep] outputs that may stay on the GPU
   * @returns {Promise<InferenceSession>}
   */
  async create(model, backend, config, keep = []) {
    const make = async () => {
      const session = await this.alone(() => this.ort.InferenceSession.create(model, {
        executionProviders: [backend],
        logSeverityLevel: ERRORS_ONLY,
        extra: nested(config),
        ...(backend === "webgpu" && keep.length ? { preferredOutputLocation: onGpu(keep) } : {}),
      }));
      this.hasStarted = true;
      return session;
    };
    try {
      return await make();
    } catch (error) {
      if (this.hasStarted || !this.again || (this.threads === 1 && !this.fallingBack)) throw error;
      await (this.fallingBack ??= this.fallBack(this.again));
      return make();
    }
  }

  /** @param {() => Promise<Ort>} again */
  async fallBack(again) {
    this.ort = await again();
    this.threads = 1;
  }

  /**
   * @param {InferenceSession} session
   * @param {Values} feeds
   * @param {string[]} [keep] outputs that are given as what is held; the others as arrays of their own
   * @returns {Promise<Values>}
   */
  async run(session, feeds, keep = []) {
    /** What is held elsewhere moves here. @param {Tensor | HeldTensor} value */
    const here = (value) => ("held" in value && value.held.runtime !== this ? value.held.read() : value);
    const given = await Promise.all(Object.entries(feeds).map(async ([name, value]) => /** @type {const} */ ([name, await here(value)])));
    return this.alone(async () => {
      const inputs = given.map(([name, value]) => [name, "held" in value ? value.held.tensor : this.toOrt(value)]);
      const outputs = await session.run(Object.fromEntries(inputs), { logSeverityLevel: ERRORS_ONLY });
      const values = Object.entries(outputs).map(async ([name, tensor]) =>
        [name, keep.includes(name) ? this.hold(tensor) : await fromOrt(tensor)]);
      return Object.fromEntries(await Promise.all(values));
    });
  }

  /** @param {OrtTensor} tensor @returns {HeldTensor} */
  hold(tensor) {
    return { dtype: /** @type {DType} */ (tensor.type), shape: [...tensor.dims], held: new Held(tensor, this) };
  }

  /** @param {Tensor} tensor */
  toOrt({ dtype, shape, data }) {
    return new this.ort.Tensor(/** @type {"float32"} */ (dtype), /** @type {Float32Array} */ (asDType(dtype, data)), shape);
  }

  /**
   * Settles when the GPU device of this build is lost; never for a build without one.
   * @returns {Promise<string>} why
   */
  async deviceLost() {
    const device = await /** @type {{device?: PromiseLike<GPUDevice> | GPUDevice}} */ (this.ort.env.webgpu ?? {}).device;
    if (!device) return new Promise(() => undefined);
    const { reason, message } = await device.lost;
    return message || reason;
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async alone(work) {
    const mine = this.last.then(work, work);
    this.last = mine;
    return mine;
  }
}

/**
 * `{"session.disable_quant_qdq": "1"}` as onnxruntime-web takes it: `{session: {disable_quant_qdq: "1"}}`.
 * @param {Record<string, string>} config
 */
export function nested(config) {
  /** @type {Record<string, Record<string, string>>} */
  const groups = {};
  for (const [key, value] of Object.entries(config)) {
    const dot = key.indexOf(".");
    if (dot < 1) throw new TypeError(`session_config: "${key}" has no group; write it as "session.${key}"`);
    (groups[key.slice(0, dot)] ??= {})[key.slice(dot + 1)] = value;
  }
  return groups;
}

/** An output where its build of onnxruntime-web left it: on the GPU, or in the worker. */
export class Held {
  /** @param {OrtTensor} tensor @param {Runtime} runtime */
  constructor(tensor, runtime) {
    this.tensor = tensor;
    this.runtime = runtime;
  }

  /** @returns {Promise<Tensor>} */
  async read() {
    try {
      return await fromOrt(this.tensor, false);
    } catch (error) {
      const words = `what the model kept on the GPU is lost: ${/** @type {Error} */ (error).message}`;
      throw new FaultError("device lost", words, { hint: "Begin again; what went before is forgotten." });
    }
  }

  /** Gives its memory back. */
  release() {
    this.tensor.dispose();
  }
}

/** @param {string[]} names */
function onGpu(names) {
  return Object.fromEntries(names.map((name) => [name, /** @type {const} */ ("gpu-buffer")]));
}

/**
 * @param {OrtTensor} tensor
 * @param {boolean} [release] whether nobody needs it any more
 * @returns {Promise<Tensor>}
 */
async function fromOrt(tensor, release = true) {
  const dtype = /** @type {DType} */ (tensor.type);
  const data = asDType(dtype, /** @type {Float32Array} */ (await tensor.getData(release)));
  return { dtype, shape: [...tensor.dims], data };
}

/**
 * @param {Build} build
 * @param {string} module
 * @returns {Promise<Ort>}
 */
async function loadOrt({ glue, binary, productSwitch, integers, threads }, module) {
  const script = /** @type {Promise<Ort>} */ (import(module)).catch((error) => {
    throw new FaultError("download", `onnxruntime's script could not be loaded: ${error.message}`);
  });
  const [ort, bytes] = await Promise.all([script, binary]);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = { mjs: glue };
  const products = (integers ? INTEGERS : 0) | (isWebKit(navigator.userAgent) ? THEIRS : 0);
  ort.env.wasm.wasmBinary = switched(bytes, productSwitch, products);
  ort.env.wasm.numThreads = threads;
  if (threads > 1) ort.env.wasm.initTimeout = THREADS_START;
  return ort;
}

/**
 * `bytes` with `value` at `place`; a copy where that is another one, since the file itself is yet to be kept on the device.
 * @param {Uint8Array} bytes
 * @param {number} place
 * @param {number} value
 */
export function switched(bytes, place, value) {
  if (bytes[place] === value) return bytes;
  const copy = bytes.slice();
  copy[place] = value;
  return copy;
}
