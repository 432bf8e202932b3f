/**
 * The door of the models' worker, which has onnxruntime to itself: its start and Python's, in a worker beside this one,
 * are each most of a second of work, and neither waits for the other. One case for each `ModelsRequest`.
 */

import { FaultError } from "../shared/fault.js";
import { Line } from "../shared/line.js";
import { holdDuring } from "../shared/pulse.js";
import { Assets } from "./assets.js";
import { Backends } from "./backend.js";
import { Store } from "./store.js";

/** @typedef {import("../protocol.js").ModelsOpen} ModelsOpen */
/** @typedef {import("../protocol.js").ModelsRequest} ModelsRequest */
/** @typedef {import("../protocol.js").HeldRef} HeldRef */
/** @typedef {import("../protocol.js").Tensor} Tensor */
/** @typedef {import("./session.js").HeldTensor} HeldTensor */
/** @typedef {import("./session.js").Values} Values */
/** @typedef {import("./assets.js").FileProgress} FileProgress */

/** What nobody waits for: while it goes on, the page may be kept for the way back. */
const UNHURRIED = ["try-other", "save", "forget", "release"];

/** @type {Models | null} */
let models = null;

class Models {
  /** @param {ModelsOpen} open */
  constructor({ bundle, base, options, port }) {
    this.line = new Line(port, (/** @type {ModelsRequest} */ request) => (UNHURRIED.includes(request.type)
      ? this.answer(request) : holdDuring(self.name, () => this.answer(request))));
    const store = Store.open();
    const report = (/** @type {FileProgress} */ progress) =>
      self.postMessage({ type: "progress", progress: { ...progress, worker: "models" } });
    // Python takes longest to start once its files are here, so that they go first; a model can be used as soon as it is here.
    const lineIsFree = new Promise((/** @type {(value: void) => void} */ resolve) => { this.freeLine = resolve; });
    this.assets = new Assets({ base, store, report, after: { model: lineIsFree } });
    this.backends = new Backends({ bundle, base, options, assets: this.assets, store, changed: () => this.tell(true) });
    /** Outputs that stay here, by the number that Python's worker knows. @type {Map<number, HeldTensor>} */
    this.held = new Map();
    this.lastHeld = 0;
    this.started = this.backends.start();
    this.started.catch(() => undefined);
  }

  /** @param {ModelsRequest} request @returns {Promise<any>} */
  async answer(request) {
    switch (request.type) {
      case "started":
        return this.started.finally(() => this.tell());
      case "line-free":
        return this.freeLine?.();
      case "run":
        return this.run(request);
      case "use-backend":
        return this.backends.use(request.backend, request.timed).finally(() => this.tell());
      case "try-other":
        return this.backends.tryOther(() => this.line.ask({ type: "quiet" })).finally(() => this.tell());
      case "save":
        return this.assets.save();
      case "forget":
        return this.assets.forget();
      case "read":
        return this.read(request.held);
      case "release":
        return this.release(request.held);
      default:
        throw new FaultError("input", `the models' worker knows no message "${/** @type {any} */ (request).type}"`);
    }
  }

  /** What is known, before the answer that rests on it. @param {boolean} [news] whether the page is to hear of it now */
  tell(news = false) {
    this.line.tell({ type: "state", state: { ...this.backends.describe(), bytes: this.assets.bytes }, news });
  }

  /** @param {Extract<ModelsRequest, {type: "run"}>} request */
  async run({ model, feeds, keep }) {
    await this.started;
    const given = Object.entries(feeds).map(([name, value]) => [name, "held" in value ? this.find(value.held) : value]);
    const outputs = await this.backends.run(model, Object.fromEntries(given), keep);
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, "held" in value ? this.hold(value) : value]));
  }

  /** @param {HeldTensor} tensor @returns {HeldRef} */
  hold(tensor) {
    const held = ++this.lastHeld;
    this.held.set(held, tensor);
    return { dtype: tensor.dtype, shape: tensor.shape, held };
  }

  /** @param {number} number @returns {HeldTensor} */
  find(number) {
    const found = this.held.get(number);
    if (!found) throw new FaultError("model", "what the model kept was released before it was used");
    return found;
  }

  /** @param {number} number @returns {Promise<Tensor>} a copy: the line gives arrays away, and this one may be needed again */
  async read(number) {
    const { data, ...rest } = await this.find(number).held.read();
    return { ...rest, data: /** @type {any} */ (data).slice() };
  }

  /** @param {number} number */
  release(number) {
    this.held.get(number)?.held.release();
    this.held.delete(number);
  }
}

self.onmessage = ({ data }) => {
  models ??= new Models(data);
};
