/**
 * The page's side of the engine. `Engine` owns the workers: queue, ids, cancel, progress, restart. `connect` puts the
 * public handle (`window.pageside`) around it. Nothing here touches the DOM, so that any page can use it.
 */

import { FaultError, isOutOfMemory, needsNewWorker } from "../shared/fault.js";
import { Pulse } from "../shared/pulse.js";
import { Handle, loadBundle } from "./handle.js";

export { absolute, Handle, loadBundle } from "./handle.js";

/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").Request} Request */
/** @typedef {import("../protocol.js").Response} Response */
/** @typedef {import("../protocol.js").Status} Status */
/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").OpenOptions} OpenOptions */
/** @typedef {import("../protocol.js").InterfaceConfig} InterfaceConfig */
/** @typedef {import("../protocol.js").Payload} Payload */
/** @typedef {Extract<Response, {type: "result"}>} Result */
/** @typedef {Extract<Response, {id: number}>} Answer */
/** @typedef {Request["type"]} Kind */
/** A request that has no id yet. @typedef {{[T in Kind]: Omit<Extract<Request, {type: T}>, "id">}[Kind]} Ask */

/**
 * @typedef {object} CallOptions
 * @property {(outputs: Payload[]) => void} [onPartial] for each step of a generator
 * @property {(levels: import("../protocol.js").Level[]) => void} [onStep] for what a Progress says, outermost level first
 * @property {(notice: import("../protocol.js").Notice) => void} [onNotice] for what Info, Success and Warning say
 * @property {AbortSignal} [signal]
 * @property {boolean} [fresh] Whether State components begin anew, as by default.
 * @property {Transferable[]} [transfer] buffers of the inputs that the caller gives away
 */

/**
 * One request, from the queue to its answer.
 * @typedef {object} Job
 * @property {number} id
 * @property {Ask} ask
 * @property {CallOptions} options
 * @property {(answer: Answer) => void} resolve
 * @property {(error: FaultError) => void} reject
 */

/** How long a cancelled call may go on (synchronous Python hears nothing) before its worker is ended. */
const CANCEL_GRACE_MS = 5000;

/** @type {Status} */
const LOADING = {
  state: "loading", backend: null, variant: null, threads: 1, cosine: null, milliseconds: null, bytes: 0, backends: [],
};

export class Engine {
  /**
   * @param {Bundle} bundle
   * @param {string} base absolute URL of bundle.json's folder
   * @param {OpenOptions} [options]
   */
  constructor(bundle, base, options = {}) {
    this.bundle = bundle;
    this.base = base;
    this.options = options;
    /** The last status that the worker reported. */
    this.status = LOADING;
    /** Python's, which is asked for everything. @type {Worker | null} */
    this.worker = null;
    /** The models', where the demo has any; it comes and goes with the other. @type {Worker | null} */
    this.models = null;
    /** @type {Pulse | null} */
    this.pulse = null;
    /** @type {Promise<Status> | null} */
    this.opened = null;
    /** @type {Job[]} */
    this.queue = [];
    /** @type {Map<number, Job>} */
    this.pending = new Map();
    this.lastId = 0;
    /** The edited demo.py that runs in place of the bundle's, kept for a new worker. @type {string | null} */
    this.source = null;
    this.listeners = { status: new Set(), progress: new Set(), print: new Set() };
  }

  /**
   * Starts the worker and all downloads; the same promise until the worker ends.
   * @returns {Promise<Status>} when the demo can answer
   */
  open() {
    this.opened ??= this.start();
    return this.opened;
  }

  /**
   * One call of the maker's function. Calls wait for each other.
   * @param {Payload[]} inputs
   * @param {CallOptions} [options]
   * @returns {Promise<{outputs: Payload[], milliseconds: number, status: Status}>}
   */
  async call(inputs, options = {}) {
    return /** @type {Result} */ (await this.enqueue({ type: "predict", inputs, fresh: options.fresh ?? true }, options));
  }

  /**
   * Runs an edited demo.py in place of the bundle's.
   * @param {string} source
   * @returns {Promise<InterfaceConfig>}
   */
  async edit(source) {
    const answer = await this.enqueue({ type: "edit", source }, {});
    this.source = source;
    return /** @type {Extract<Response, {type: "edited"}>} */ (answer).interface;
  }

  /**
   * @param {BackendId} backend
   * @param {{timed?: boolean}} [options] timed: whether to time it, at the size of the demo's calls
   * @returns {Promise<Status>}
   */
  async useBackend(backend, { timed = false } = {}) {
    // Where the demo did not start, as with a `?backend=` that this device lacks, it starts anew with this one.
    if (this.status.state === "failed") this.options = { ...this.options, backend };
    const answer = await this.enqueue({ type: "use-backend", backend, timed }, {});
    return /** @type {Extract<Response, {type: "done"}>} */ (answer).status;
  }

  /**
   * @param {"status" | "progress" | "print"} event
   * @param {(detail: any) => void} listener gets a Status, a Progress, or {stream, text}
   * @returns {() => void} takes the listener away
   */
  on(event, listener) {
    const listeners = this.listeners[event];
    if (!listeners) throw new TypeError(`there is no event "${event}"; the events are ${Object.keys(this.listeners).join(", ")}`);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Ends the worker; what waits is rejected. The next `open` or call starts a new one. */
  close() {
    this.end(new FaultError("cancelled", "the demo was closed"));
    this.setStatus(LOADING);
  }

  // ------------------------------------------------------------------------------------------- the worker's life

  /** @returns {Promise<Status>} */
  async start() {
    this.setStatus(LOADING);
    // A name that no other page's worker has.
    const name = `pageside/${Math.random().toString(36).slice(2)}`;
    const { bundle, base, source } = this;
    const port = bundle.models.length ? this.startModels(`${name}/models`) : undefined;
    this.worker = this.listen(startWorker("main", name));
    this.pulse = new Pulse(name);
    const answer = await this.send({ type: "open", bundle, base, ...(port ? { models: port } : {}) }, port ? [port] : []);
    if (source !== null) await this.send({ type: "edit", source });
    this.next();
    return /** @type {Extract<Response, {type: "ready"}>} */ (answer).status;
  }

  /** @param {string} name @returns {MessagePort} for Python's worker */
  startModels(name) {
    this.models = this.listen(startWorker("models", name));
    const { bundle, base } = this, { port1, port2 } = new MessageChannel();
    const options = { ...this.options, threads: this.options.threads ?? threads() };
    this.models.postMessage({ bundle, base, options, port: port1 }, [port1]);
    return port2;
  }

  /** @param {Worker} worker */
  listen(worker) {
    worker.onmessage = ({ data }) => this.receive(data);
    worker.onmessageerror = () => this.die(stopped("a message from it could not be read"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.die(event.message ? stopped(event.message) : new FaultError("download", "the worker's files could not be loaded"));
    };
    return worker;
  }

  /** @param {FaultError} fault */
  die(fault) {
    this.end(fault);
    this.setStatus({ ...this.status, state: "failed" });
  }

  /** @param {FaultError} error for all who wait */
  end(error) {
    for (const worker of [this.worker, this.models]) worker?.terminate();
    this.worker = this.models = null;
    this.pulse?.end();
    this.pulse = null;
    this.opened = null;
    const waiting = [...this.pending.values(), ...this.queue];
    this.pending.clear();
    this.queue = [];
    for (const job of waiting) job.reject(error);
  }

  // --------------------------------------------------------------------------------------------------- requests

  /**
   * @param {Ask} ask
   * @param {CallOptions} options
   * @returns {Promise<Answer>}
   */
  enqueue(ask, options) {
    return new Promise((resolve, reject) => {
      const job = { id: ++this.lastId, ask, options, resolve, reject };
      if (!this.abortable(job)) return;
      this.queue.push(job);
      this.open().then(() => this.next(), (error) => this.drop(job, error));
    });
  }

  /** Sends the next job when the last one is answered and the demo is open. */
  next() {
    if (this.pending.size || this.status.state !== "ready") return;
    const job = this.queue.shift();
    if (job) this.post(job);
  }

  /**
   * @param {Ask} ask
   * @param {Transferable[]} [transfer]
   * @returns {Promise<Answer>}
   */
  send(ask, transfer = []) {
    return new Promise((resolve, reject) => this.post({ id: ++this.lastId, ask, options: { transfer }, resolve, reject }));
  }

  /** @param {Job} job */
  post(job) {
    this.pending.set(job.id, job);
    try {
      this.worker?.postMessage({ ...job.ask, id: job.id }, job.options.transfer ?? []);
      // The browser may end a worker without a word.
      this.pulse?.watch(() => this.pending.keys().next().value, () => this.die(stopped("the browser ended it")));
    } catch (error) {
      this.pending.delete(job.id);
      job.reject(new FaultError("input", `the input can't be sent to the worker: ${/** @type {Error} */ (error).message}`));
      this.next();
    }
  }

  /**
   * Ties a job to its caller's signal.
   * @param {Job} job
   * @returns {boolean} false where it is aborted already
   */
  abortable(job) {
    const { signal } = job.options;
    if (!signal) return true;
    const cancel = () => this.cancel(job);
    if (signal.aborted) {
      cancel();
      return false;
    }
    signal.addEventListener("abort", cancel, { once: true });
    return true;
  }

  /** @param {Job} job */
  cancel(job) {
    if (!this.pending.has(job.id)) return this.drop(job, new FaultError("cancelled", "the call was cancelled before it began"));
    this.worker?.postMessage({ type: "cancel", id: ++this.lastId, target: job.id });
    setTimeout(() => this.pending.has(job.id) && this.replaceWorker(), CANCEL_GRACE_MS);
  }

  /** For a call that does not hear its cancel: a new worker, and the queue goes on there. */
  replaceWorker() {
    const waiting = this.queue;
    this.queue = [];
    this.end(new FaultError("cancelled", "the call did not stop by itself; its worker was started anew"));
    this.queue = waiting;
    this.open().then(() => this.next(), (error) => this.end(error));
  }

  /**
   * @param {Job} job
   * @param {FaultError} error
   */
  drop(job, error) {
    this.queue = this.queue.filter((other) => other !== job);
    job.reject(error);
  }

  // ---------------------------------------------------------------------------------------------------- answers

  /** @param {Response} message */
  receive(message) {
    if (message.type === "progress") return this.emit("progress", message.progress);
    if (message.type === "print") return this.emit("print", { stream: message.stream, text: message.text });
    if (message.type === "status") return this.setStatus(message.status);
    const job = this.pending.get(message.id);
    if (!job || heard(job.options, message)) return undefined;
    this.pending.delete(message.id);
    if (message.type === "error") job.reject(FaultError.from(message.error));
    else this.settle(job, message);
    return this.afterAnswer(message);
  }

  /**
   * @param {Job} job
   * @param {Exclude<Answer, {type: "error" | "partial" | "step"}>} message
   */
  settle(job, message) {
    if ("status" in message) this.setStatus(message.status);
    job.resolve(message);
  }

  /** @param {Answer} message */
  afterAnswer(message) {
    if (message.type !== "error" || (this.status.state === "ready" && !needsNewWorker(message.error))) return this.next();
    this.end(FaultError.from(message.error));
    return this.setStatus({ ...this.status, state: "failed" });
  }

  /** @param {Status} status */
  setStatus(status) {
    this.status = status;
    this.emit("status", status);
  }

  /**
   * @param {"status" | "progress" | "print"} event
   * @param {unknown} detail
   */
  emit(event, detail) {
    for (const listener of this.listeners[event]) listener(detail);
  }
}

/** A worker that died. @param {string} why */
function stopped(why) {
  const stage = isOutOfMemory({ message: why }) ? "memory" : "python";
  return new FaultError(stage, `the worker stopped: ${why}`, { name: "WorkerStopped", hint: "Try again; it is started anew." });
}

/**
 * Passes on what a call says before its answer.
 * @param {CallOptions} options @param {Response} message
 * @returns {message is Extract<Response, { type: "partial" | "step" | "notice" }>} Whether it was such a message.
 */
function heard({ onPartial, onStep, onNotice }, message) {
  if (message.type === "partial") onPartial?.(message.outputs);
  else if (message.type === "step") onStep?.(message.levels);
  else if (message.type === "notice") onNotice?.(message.notice);
  else return false;
  return true;
}

/** All of two cores, half of more (they are often two threads of one core), at most four. */
function threads() {
  const cores = navigator.hardwareConcurrency || 1;
  return cores <= 2 ? cores : Math.min(4, Math.max(2, Math.ceil(cores / 2)));
}

/**
 * A worker of another origin is refused by browsers, a `blob:` one that imports it is not.
 * @param {"main" | "models"} file
 * @param {string} name
 */
function startWorker(file, name) {
  const url = new URL(`../worker/${file}.js`, import.meta.url);
  if (url.origin === location.origin) return new Worker(url, { type: "module", name });
  const code = `import ${JSON.stringify(url.href)};`;
  const blob = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(blob, { type: "module", name });
  // Revoked late: the worker reads it after the constructor has returned.
  setTimeout(() => URL.revokeObjectURL(blob), 60_000);
  return worker;
}

/**
 * @param {string | URL} url of a demo's page, its folder, or its bundle.json; of any origin that allows it
 * @param {OpenOptions} [options]
 * @returns {Promise<Handle>} as soon as bundle.json is there; `await handle.ready` for the rest
 */
export async function connect(url, options = {}) {
  const { bundle, base } = await loadBundle(url);
  return new Handle(new Engine(bundle, base, options));
}
