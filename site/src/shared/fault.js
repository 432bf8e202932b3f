/**
 * Errors that a visitor reads: what happened, in which stage, what to do next. They cross the worker boundary as plain
 * objects (`Fault` of protocol.d.ts) and are thrown on either side as `FaultError`.
 */

/** @typedef {"download" | "integrity" | "python" | "model" | "memory" | "device lost" | "input" | "cancelled"} Stage */
/** @typedef {{name: string, message: string, stage: Stage, hint: string, traceback?: string}} Fault */

/** What every stage suggests where the thrower knows nothing better. */
const HINTS = /** @type {Record<Stage, string>} */ ({
  download: "Check the connection and try again.",
  integrity: "Try again; if it happens once more, tell the page's owner: the files on the host are not those that were published.",
  python: "Try another input, or read the traceback.",
  model: "Reload the page, or try another browser; tell the page's owner if it happens again.",
  memory: "Close other tabs or use a smaller input, then try again.",
  "device lost": "Try again; the page goes on without the GPU.",
  input: "Choose another input.",
  cancelled: "",
});

/** An Error that carries a Fault. */
export class FaultError extends Error {
  /**
   * @param {Stage} stage
   * @param {string} message
   * @param {{name?: string, hint?: string, traceback?: string}} [more]
   */
  constructor(stage, message, more = {}) {
    super(message);
    this.stage = stage;
    this.name = more.name ?? NAMES[stage];
    this.hint = more.hint ?? HINTS[stage];
    this.traceback = more.traceback;
  }

  /** @param {Fault} fault */
  static from(fault) {
    return new FaultError(fault.stage, fault.message, fault);
  }
}

const NAMES = /** @type {Record<Stage, string>} */ ({
  download: "DownloadError",
  integrity: "IntegrityError",
  python: "PythonError",
  model: "ModelError",
  memory: "OutOfMemoryError",
  "device lost": "DeviceLostError",
  input: "InputError",
  cancelled: "cancelled",
});

/**
 * How engines say that memory ran out: V8, SpiderMonkey, JavaScriptCore, Emscripten, onnxruntime, CPython. An "Integer
 * overflow" is onnxruntime's word for a tensor whose size in bytes WebAssembly can't count.
 */
const OUT_OF_MEMORY = new RegExp([
  "out of memory", "allocation failed", "bad_alloc", "cannot enlarge memory", "\\(OOM\\)", "failed to allocate", "could not allocate",
  "allocation size overflow", "MemoryError", "integer overflow",
].join("|"), "i");

/** Names of faults after which what ran is broken for good, and a new worker is not. */
const STOPPED = ["PythonStopped", "ModelStopped", "WorkerStopped"];

/**
 * Whether a worker can't be trusted after this fault: memory ran out, WebAssembly was stopped, or it died.
 * @param {{name?: string, stage?: string}} fault
 */
export function needsNewWorker({ name = "", stage }) {
  return stage === "memory" || STOPPED.includes(name);
}

/**
 * WebAssembly that trapped (or that Emscripten stopped): its memory is in no state to go on from.
 * @param {unknown} error
 */
export function isCrash(error) {
  return error instanceof WebAssembly.RuntimeError || (error instanceof Error && error.message.includes("Aborted("));
}

/** @param {unknown} error */
export function isOutOfMemory(error) {
  const { name = "", message = "" } = /** @type {{name?: string, message?: string}} */ (error ?? {});
  return OUT_OF_MEMORY.test(`${name}: ${message}`);
}

/**
 * Any thrown value as a Fault that can be posted.
 * @param {unknown} error
 * @param {Stage} stage for an error that names none itself
 * @returns {Fault}
 */
export function toFault(error, stage) {
  const known = error instanceof FaultError ? error : adopt(error, stage);
  const { name, message, hint, traceback } = known;
  return { name, message, stage: known.stage, hint, ...(traceback === undefined ? {} : { traceback }) };
}

/**
 * @param {unknown} error
 * @param {Stage} stage
 */
function adopt(error, stage) {
  const message = error instanceof Error ? error.message : String(error);
  if (isOutOfMemory(error)) return new FaultError("memory", message);
  return new FaultError(stage, message, error instanceof Error && error.name !== "Error" ? { name: error.name } : {});
}
