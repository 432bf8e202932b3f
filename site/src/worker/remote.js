/** The models' worker as Python's worker sees it: which backend answers, and the models' answers. */

import { FaultError } from "../shared/fault.js";
import { Line } from "../shared/line.js";

/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").HeldRef} HeldRef */
/** @typedef {import("../protocol.js").ModelsNews} ModelsNews */
/** @typedef {import("../protocol.js").ModelsRequest} ModelsRequest */
/** @typedef {import("../protocol.js").ModelsState} ModelsState */
/** @typedef {import("../protocol.js").Tensor} Tensor */
/** @typedef {{dtype: string, shape: number[], held: Held}} HeldTensor */
/** What a model is given, and what it gives to Python. @typedef {Record<string, Tensor | HeldTensor>} Values */

/** @type {ModelsState} */
const UNKNOWN = { backend: null, variant: null, threads: 1, cosine: null, milliseconds: null, backends: [], bytes: 0 };

export class RemoteBackends {
  /**
   * @param {MessagePort} port
   * @param {object} options
   * @param {() => void} options.changed called when `state` has news for the page
   * @param {() => Promise<void>} options.quiet resolves when nobody waits for an answer
   * @param {import("../shared/pulse.js").Pulse} options.pulse of the models' worker
   */
  constructor(port, { changed, quiet, pulse }) {
    this.changed = changed;
    this.quiet = quiet;
    this.pulse = pulse;
    this.state = UNKNOWN;
    /** Numbers of what somebody waits for. @type {Set<number>} */
    this.inHand = new Set();
    this.lastNumber = 0;
    this.line = new Line(port, (news) => this.hear(news));
  }

  /** @param {ModelsNews} news */
  async hear(news) {
    if (news.type === "quiet") return this.quiet();
    this.state = news.state;
    if (news.news) this.changed();
    return undefined;
  }

  /**
   * For what somebody waits for: a worker that the browser ends meanwhile is noticed.
   * @param {ModelsRequest} request
   * @returns {Promise<any>}
   */
  async ask(request) {
    const number = ++this.lastNumber;
    this.inHand.add(number);
    this.pulse.watch(() => this.inHand.values().next().value, () => this.line.fail(gone()));
    try {
      const answer = await this.line.ask(request);
      this.pulse.answered = true;
      return answer;
    } finally {
      this.inHand.delete(number);
    }
  }

  /** Settles when a backend is right. @throws {FaultError} where none is */
  async started() {
    await this.ask({ type: "started" });
  }

  /** The last byte of Python's files has come, or won't: now the models' may. */
  freeLine() {
    this.line.tell({ type: "line-free" });
  }

  /** The visitor's own choice. @param {BackendId} backend @param {boolean} timed @throws {FaultError} where it is not right */
  async use(backend, timed) {
    await this.ask({ type: "use-backend", backend, timed });
  }

  /** While nobody waits, the backend that was not tried yet. */
  async tryOther() {
    await this.line.ask({ type: "try-other" });
  }

  /**
   * One model's answer.
   * @param {string} model
   * @param {Values} feeds whose arrays are given away
   * @param {string[]} keep outputs that stay where they are computed
   * @returns {Promise<Values>}
   */
  async run(model, feeds, keep) {
    const given = Object.entries(feeds).map(([name, value]) => [name, "held" in value ? { ...value, held: value.held.number } : value]);
    const outputs = /** @type {Record<string, Tensor | HeldRef>} */ (
      await this.ask({ type: "run", model, feeds: Object.fromEntries(given), keep }));
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) =>
      [name, "held" in value ? { ...value, held: new Held(value.held, this) } : value]));
  }

  /** Keeps the models' files on the device. @returns {Promise<number>} bytes that found no room */
  save() {
    return this.line.ask({ type: "save" });
  }

  /** Gives up what found no room. */
  forget() {
    this.line.tell({ type: "forget" });
  }
}

/** An output that stays in the models' worker, or on the GPU. */
export class Held {
  /** @param {number} number @param {RemoteBackends} remote */
  constructor(number, remote) {
    this.number = number;
    this.remote = remote;
  }

  /** @returns {Promise<Tensor>} */
  read() {
    return this.remote.ask({ type: "read", held: this.number });
  }

  /** Gives its memory back. */
  release() {
    this.remote.line.tell({ type: "release", held: this.number });
  }
}

/** @returns {FaultError} */
function gone() {
  const hint = "Try again; it is started anew.";
  return new FaultError("model", "the models' worker stopped: the browser ended it", { name: "WorkerStopped", hint });
}
