/** One open demo: Python here, its models in the worker beside; answers calls, and does what can wait while nobody waits. */

import { buffersOf } from "../shared/buffers.js";
import { FaultError } from "../shared/fault.js";
import { Pulse } from "../shared/pulse.js";
import { Assets } from "./assets.js";
import { Python } from "./python.js";
import { RemoteBackends } from "./remote.js";
import { Snapshots } from "./snapshots.js";
import { Store } from "./store.js";

/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").FileRef} FileRef */
/** @typedef {import("../protocol.js").Payload} Payload */
/** @typedef {import("../protocol.js").Request} Request */
/** @typedef {import("../protocol.js").Response} Response */
/** @typedef {import("../protocol.js").Status} Status */
/** @typedef {(message: Response, transfer?: Transferable[]) => void} Post */

const WITHOUT_MODEL = {
  backend: /** @type {const} */ ("python"), variant: null, threads: 1, cosine: null, milliseconds: null, backends: [], bytes: 0,
};
/** The page is quiet when nothing was asked for so long. */
const QUIET_MS = 2000;
/** Files are kept after a first answer, so long a pause or so long a wait: visitors leave, and a live demo never pauses. */
const PAUSE_MS = 200, LATEST_MS = 2000;

/**
 * The models are asked for once what is missing of Python is a share of their bytes: on a slow line they are what the
 * page waits for, and their worker may be busy for a while when the last byte comes.
 */
const AHEAD = 8;

export class Demo {
  /**
   * @param {Extract<Request, {type: "open"}>} request
   * @param {Post} post
   */
  constructor({ bundle, base, models }, post) {
    this.bundle = bundle;
    this.base = base;
    this.post = post;
    this.store = Store.open();
    this.assets = new Assets({
      base, store: this.store, report: (progress) => post({ type: "progress", progress: { ...progress, worker: "python" } }),
    });
    this.snapshots = new Snapshots(bundle, this.store);
    this.backends = models ? new RemoteBackends(models, {
      changed: () => this.announce(), quiet: () => this.quiet(), pulse: new Pulse(`${self.name}/models`),
    }) : null;
    /** @type {Status["state"]} */
    this.state = "loading";
    /** Of the last call. @type {number | null} */
    this.milliseconds = null;
    /** @type {Status["storage"]} */
    this.storage = undefined;
    this.working = 0;
    this.lastAsked = 0;
    /** @type {Python | null} */
    this.python = null;
  }

  async open() {
    const { bundle, base, assets, snapshots } = this;
    const booting = Python.boot({
      bundle, base, assets, snapshots, print: (stream, text) => this.post({ type: "print", stream, text }),
    });
    void assets.received(modelBytes(bundle) / AHEAD).then(() => this.backends?.freeLine());
    // demo.py runs while the models are on their way.
    const opening = booting.then((python) => {
      python.openDemo(specs(bundle), (name, feeds, keep) => this.runModel(name, feeds, keep));
      return python;
    });
    const [python] = await Promise.all([opening, this.backends?.started()]).catch(async (error) => {
      // What came is kept, so that the next try goes on from there.
      await this.save();
      throw error;
    });
    this.python = python;
    this.state = "ready";
    this.whileQuiet();
    return this.status();
  }

  /**
   * @param {number} id
   * @param {{inputs: Payload[], fresh: boolean}} request
   */
  async predict(id, { inputs, fresh }) {
    const start = performance.now();
    if (fresh) this.opened().begin();
    const outputs = await this.opened().call(id, inputs, {
      emit: (partial) => this.post({ type: "partial", id, outputs: partial }),
      tell: (levels) => this.post({ type: "step", id, levels }),
      notify: (notice) => this.post({ type: "notice", id, notice }),
    });
    this.milliseconds = performance.now() - start;
    this.post({ type: "result", id, outputs, milliseconds: this.milliseconds, status: this.status() }, [...buffersOf(outputs)]);
  }

  /** @param {number} target */
  cancel(target) {
    this.python?.cancel(target);
  }

  /** @param {import("../protocol.js").BackendId} id @param {boolean} timed */
  async useBackend(id, timed) {
    if (!this.backends) throw new FaultError("input", "this demo has no model, so it has no backend to choose");
    this.milliseconds = null;
    await this.backends.use(id, timed);
    return this.status();
  }

  /** @param {string} source */
  edit(source) {
    return this.opened().edit(source);
  }

  /** @returns {Status} */
  status() {
    const described = this.backends?.state ?? WITHOUT_MODEL;
    const { state } = this, bytes = this.assets.bytes + described.bytes;
    const start = { ...(this.python ? { python: this.python.start } : {}), ...(this.storage ? { storage: this.storage } : {}) };
    return { state, ...described, bytes, ...start, milliseconds: this.milliseconds ?? described.milliseconds };
  }

  /**
   * Counts work, so that the quiet moments are known.
   * @template T
   * @param {() => T | Promise<T>} work
   */
  async during(work) {
    this.working += 1;
    try {
      return await work();
    } finally {
      this.working -= 1;
      this.lastAsked = performance.now();
    }
  }

  // ------------------------------------------------------------------------------------------------------- inner life

  /** @returns {Python} */
  opened() {
    if (!this.python) throw new FaultError("input", "the demo is not open yet");
    return this.python;
  }

  /**
   * @param {string} name
   * @param {import("./remote.js").Values} feeds
   * @param {string[]} keep
   */
  async runModel(name, feeds, keep) {
    if (!this.backends || !this.bundle.models.some((model) => model.name === name)) {
      const known = this.bundle.models.map((model) => model.name).join(", ") || "none";
      throw new FaultError("model", `the bundle has no model "${name}"; its models: ${known}`, { hint: "Build the demo again." });
    }
    return this.backends.run(name, feeds, keep);
  }

  announce() {
    this.post({ type: "status", status: this.status() });
  }

  /** What can wait until the visitor has an answer: keeping files, dropping old ones, trying the other backend. */
  async whileQuiet() {
    await Promise.race([this.quiet(PAUSE_MS), new Promise((resolve) => setTimeout(resolve, LATEST_MS))]);
    await this.keepFiles();
    await this.quiet();
    await this.snapshots.save();
    await this.dropOld();
    await this.backends?.tryOther();
    await this.keepFiles();
    this.announce();
  }

  /** All of a new version before the old one goes; where there is no room for both, the old one goes first. */
  async keepFiles() {
    let left = await this.save();
    await this.dropOld();
    if (left) left = await this.save();
    this.assets.forget();
    this.backends?.forget();
    const { cache } = await this.store;
    this.storage = !cache ? "blocked" : left ? "full" : "kept";
    if (left) this.announce();
  }

  /** Keeps what came on the device. @returns {Promise<number>} bytes that found no room */
  async save() {
    const [own, models = 0] = await Promise.all([this.assets.save(), this.backends?.save()]);
    return own + models;
  }

  async dropOld() {
    const files = filesOf(this.bundle).map(({ sha256 }) => sha256);
    await (await this.store).keepOnly(this.base, [...files, ...(await this.snapshots.names())]);
  }

  /** Resolves when nobody has asked for anything for so many milliseconds. */
  async quiet(pause = QUIET_MS) {
    for (;;) {
      const rest = this.working ? pause : this.lastAsked + pause - performance.now();
      if (rest <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }
}

/** What the models have on the wire at least. @param {Bundle} bundle */
function modelBytes({ models }) {
  const bytes = models.map(({ variants }) => variants.map(({ parts }) => parts.reduce((sum, part) => sum + part.bytes, 0)));
  return bytes.reduce((sum, each) => sum + Math.min(...each), 0);
}

/**
 * What Python may know of each model.
 * @param {Bundle} bundle
 */
function specs(bundle) {
  return Object.fromEntries(bundle.models.map(({ name, inputs, outputs }) => [name, { inputs, outputs }]));
}

/**
 * Every FileRef in the bundle.
 * @param {unknown} value
 * @returns {FileRef[]}
 */
function filesOf(value) {
  if (typeof value !== "object" || value === null) return [];
  if ("sha256" in value && "url" in value) return [/** @type {FileRef} */ (value)];
  return Object.values(value).flatMap(filesOf);
}
