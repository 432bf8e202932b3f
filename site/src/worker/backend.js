/**
 * Which backend answers. A backend is used only when every model of the demo passes its golden check on it. The first
 * correct one answers; while nobody waits the other is tried and timed, and the faster one is taken and remembered.
 */

import { median } from "../shared/compare.js";
import { FaultError, isCrash, isOutOfMemory } from "../shared/fault.js";
import { hasSharedMemory } from "../shared/features.js";
import { Choice } from "./choice.js";
import { atUsualSize, loadTensors } from "./golden.js";
import { findAdapter, isSoftware, savesData } from "./gpu.js";
import { NotRight, Preparer } from "./prepare.js";
import { IDS, Reports, untried } from "./reports.js";

/** @typedef {import("./session.js").Values} Values */
/** @typedef {import("./prepare.js").Ready} Ready */
/** @typedef {import("./prepare.js").Checked} Checked */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").BackendId} BackendId */

/** Timed runs of each model when two backends are compared. */
const TIMED_RUNS = 5;
/** A report's reader waits: what takes longer for an answer is timed once, and what takes so long to begin with not again. */
const SLOW_MS = 1000, ENDLESS_MS = 10_000;
/** A single run so many times slower than the other backend's median has lost. */
const HOPELESS = 3;
/** An error of a run may come a moment before the news of the lost device. */
const NEWS_MS = 200;

export class Backends {
  /**
   * @param {object} options
   * @param {Bundle} options.bundle
   * @param {string} options.base
   * @param {import("./assets.js").Assets} options.assets
   * @param {Promise<import("./store.js").Store>} options.store
   * @param {import("../protocol.js").OpenOptions} options.options
   * @param {() => void} options.changed called when `describe` would answer differently
   */
  constructor({ bundle, base, assets, store, options, changed }) {
    this.bundle = bundle;
    this.assets = assets;
    this.changed = changed;
    /** The visitor's own choice, which nothing overrides. @type {BackendId | null} */
    this.wanted = options.backend ?? null;
    // Threads of another origin's page would need a worker from our origin, which browsers refuse.
    this.threads = hasSharedMemory() && new URL(base).origin === self.origin ? (options.threads ?? 1) : 1;
    this.reports = new Reports();
    this.preparer = new Preparer({ bundle, base, assets, reports: this.reports, threads: this.threads });
    this.choice = new Choice({ bundle, base, threads: this.threads, store });
    /** @type {Ready | null} */
    this.active = null;
    for (const id of IDS) {
      const variants = this.preparer.firstVariants(id);
      if (variants) this.reports.add(untried(id, variants.join(", ")));
    }
  }

  /** Makes the demo able to answer. @throws {FaultError} where no backend is right */
  async start() {
    if (this.wanted) return this.use(this.wanted);
    const { backend, others } = await this.choice.read();
    const first = backend ?? "wasm";
    for (const report of others) this.reports.add(report);
    for (const id of [first, ...IDS.filter((other) => other !== first)]) {
      if (id !== first && !(await this.mayStandIn(id))) continue;
      try {
        this.activate(await this.preparer.prepare(id));
        // What won before no longer does: that is not found out anew at each visit.
        if (backend && id !== backend) await this.choice.write(id, this.reports.others(id));
        return undefined;
      } catch (error) {
        if (!(error instanceof NotRight)) throw error;
      }
    }
    this.changed();
    const reasons = this.reports.reasons();
    const stage = isOutOfMemory({ message: reasons }) ? "memory" : "model";
    throw new FaultError(stage, `no backend gives right answers on this device: ${reasons}`);
  }

  /** Whether a backend that is not the first may be asked to answer. @param {BackendId} id */
  async mayStandIn(id) {
    return !this.reports.missed(id) && (id === "wasm" || hasHardwareAdapter());
  }

  /**
   * The visitor's own choice, software adapters included.
   * @param {BackendId} id
   * @param {boolean} [timed] whether its report is to have times of calls as large as the demo's
   * @throws {FaultError} where it is not right; what answered before goes on
   */
  async use(id, timed = false) {
    if (!IDS.includes(id)) throw new FaultError("input", `there is no backend "${id}"; the backends are ${IDS.join(" and ")}`);
    try {
      const ready = await this.preparer.prepare(id);
      if (timed) await this.timeOrRefuse(ready, async () => undefined, SLOW_MS);
      this.activate(ready);
      this.wanted = id;
    } catch (error) {
      this.changed();
      throw error instanceof NotRight ? error.toFault(`${id} can't be used: `) : error;
    }
  }

  /**
   * One model's answer, from the backend in use.
   * @param {string} name
   * @param {Values} feeds
   * @param {string[]} keep outputs that stay where they are computed
   * @returns {Promise<Values>}
   */
  async run(name, feeds, keep) {
    const active = /** @type {Ready} */ (this.active);
    const { run } = /** @type {Checked} */ (active.models.get(name));
    if (active.id === "wasm") return run(feeds, keep).catch(crashed);
    try {
      return await Promise.race([run(feeds, keep), active.lost]);
    } catch (error) {
      if (!(await isLost(active))) return crashed(error);
      await this.fallBack(active);
      return this.run(name, feeds, keep);
    }
  }

  /**
   * Times the backend that was not tried yet, and takes it if it is right and faster.
   * @param {() => Promise<void>} quiet resolves when nobody waits for an answer
   */
  async tryOther(quiet) {
    const before = this.active;
    const other = before?.id === "wasm" ? "webgpu" : "wasm";
    if (!before || !(await this.isWorthTrying(other))) return;
    if (!(await this.choice.begin())) return this.neverEnded(before, other);
    /** @type {Ready | null} */
    let candidate = null;
    try {
      candidate = await this.preparer.prepare(other);
    } catch (error) {
      // A verdict is remembered; a download that failed says nothing about the device.
      if (!(error instanceof NotRight)) return;
    }
    await this.compare(before, candidate, quiet);
  }

  /** @param {Ready} before @param {BackendId} other */
  async neverEnded(before, other) {
    const variant = this.preparer.firstVariants(other)?.join(", ") ?? "";
    const reason = "it was tried on earlier visits, and the trial never ended: the page was closed or broke";
    this.reports.add({ ...untried(other, variant), state: "failed", reason });
    await this.choice.write(before.id, this.reports.others(before.id));
  }

  /** @param {BackendId} id */
  async isWorthTrying(id) {
    if (this.wanted || savesData() || !this.preparer.firstVariants(id)) return false;
    if (id === "webgpu" && !(await hasHardwareAdapter())) return false;
    return (await this.choice.read()).backend === null;
  }

  /**
   * @param {Ready} before
   * @param {Ready | null} candidate null where it is not right
   * @param {() => Promise<void>} quiet
   */
  async compare(before, candidate, quiet) {
    const faster = candidate !== null && (await this.isFaster(candidate, before, quiet));
    // The visitor may have chosen, or the device may have been lost, meanwhile.
    if (this.wanted || this.active !== before) return;
    const winner = faster ? candidate : before;
    const loser = faster ? before : candidate;
    this.activate(winner);
    if (loser && this.reports.right(loser.id)) {
      this.reports.tellSlower(winner.id, loser.id);
      await this.preparer.release(loser);
    }
    await this.choice.write(winner.id, this.reports.others(winner.id));
  }

  /** The part of a Status that is about backends. */
  describe() {
    const used = this.reports.right(this.active?.id);
    return {
      backend: this.active?.id ?? null,
      variant: used?.variant ?? null,
      threads: this.preparer.threads,
      cosine: used?.cosine ?? null,
      milliseconds: used?.milliseconds ?? null,
      backends: this.reports.list,
    };
  }

  /** @param {Ready} ready */
  activate(ready) {
    this.active = ready;
    this.changed();
    ready.lost.catch(() => (this.active === ready ? this.fallBack(ready) : undefined)).catch(() => undefined);
  }

  /**
   * The GPU went away: WebAssembly takes over, and the report says why. One promise for all who notice.
   * @param {Ready} lost
   * @returns {Promise<void>}
   */
  fallBack(lost) {
    if (this.active !== lost) return this.falling ?? Promise.resolve();
    this.falling ??= this.takeOver(lost).finally(() => { this.falling = null; });
    return this.falling;
  }

  /** @param {Ready} lost */
  async takeOver(lost) {
    const why = await lost.lost.catch((error) => error.message);
    this.preparer.ready.delete(lost.id);
    this.reports.amend(lost.id, { state: "failed", reason: why });
    await this.choice.lose(this.reports.others("wasm"));
    try {
      this.wanted = "wasm";
      this.activate(await this.preparer.prepare("wasm"));
    } catch (error) {
      throw new FaultError("device lost", `${why}; and WebAssembly can't take over: ${/** @type {Error} */ (error).message}`);
    }
  }

  /** @type {Promise<void> | null} */
  falling = null;

  /**
   * @param {Ready} candidate
   * @param {Ready} champion
   * @param {() => Promise<void>} quiet
   */
  async isFaster(candidate, champion, quiet) {
    const mine = await this.time(champion, quiet, Infinity);
    this.reports.amend(champion.id, { milliseconds: mine });
    try {
      const theirs = await this.timeOrRefuse(candidate, quiet, HOPELESS * mine);
      return theirs < mine;
    } catch (error) {
      if (error instanceof NotRight) return false;
      throw error;
    }
  }

  /**
   * A backend can be right with the few numbers of its check, and fail with as many as a visitor's calls have.
   * @param {Ready} ready
   * @param {() => Promise<void>} quiet
   * @param {number} limit
   * @throws {NotRight} where it fails so; its report says why
   */
  async timeOrRefuse(ready, quiet, limit) {
    try {
      const milliseconds = await this.time(ready, quiet, limit);
      this.reports.amend(ready.id, { milliseconds });
      return milliseconds;
    } catch (error) {
      if (error instanceof FaultError) throw error;
      const { state, message } = NotRight.from(error);
      const miss = new NotRight(state, `with inputs as large as the demo's: ${message}`);
      this.reports.amend(ready.id, { state, reason: miss.message });
      if (isCrash(error)) this.preparer.ready.delete(ready.id);
      else if (ready !== this.active) await this.preparer.release(ready);
      throw miss;
    }
  }

  /**
   * @param {Ready} ready
   * @param {() => Promise<void>} quiet
   * @param {number} limit milliseconds of one model for one answer after which it has lost
   * @returns {Promise<number>} milliseconds of all models for one answer, with inputs as large as the demo's: medians
   */
  async time(ready, quiet, limit) {
    let sum = 0;
    for (const model of this.bundle.models) {
      const { run } = /** @type {Checked} */ (ready.models.get(model.name));
      const { calls = 1, shapes = {} } = model.usual ?? {};
      const inputs = atUsualSize(await loadTensors(this.assets, model.golden[0].inputs), shapes);
      /** @type {number[]} */
      const times = [];
      let first = 0;
      for (let i = -1; i < TIMED_RUNS && first < ENDLESS_MS && (i < 1 || calls * times[i - 1] <= limit); i++) {
        await quiet();
        const start = performance.now();
        await Promise.race([run(inputs), ready.lost]);
        const time = performance.now() - start;
        // What is compiled for a size is compiled in the first run with it.
        if (i < 0) first = time;
        else times.push(time);
      }
      sum += calls * (median(times) ?? first);
    }
    return sum;
  }
}

/**
 * Passes an error of a call on, with a name where onnxruntime itself is broken by it.
 * @param {unknown} error
 * @returns {never}
 */
function crashed(error) {
  if (!isCrash(error) || isOutOfMemory(error)) throw error;
  const hint = "Try again; the model is loaded anew.";
  throw new FaultError("model", `onnxruntime stopped: ${/** @type {Error} */ (error).message}`, { name: "ModelStopped", hint });
}

/** Whether there is an adapter that computes on a GPU; software ones are used only when asked for. */
async function hasHardwareAdapter() {
  const adapter = await findAdapter();
  return adapter !== null && !isSoftware(adapter);
}

/** @param {Ready} ready */
function isLost(ready) {
  const later = new Promise((resolve) => setTimeout(resolve, NEWS_MS, false));
  return Promise.race([ready.lost.catch(() => true), later]);
}
