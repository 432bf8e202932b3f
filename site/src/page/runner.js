/**
 * From Submit to the answer. One call at a time; of those that wait, only the last one: an answer to an input that is no
 * longer there helps nobody. Nothing that the visitor entered, and no earlier answer, is taken away by a failure.
 */
import { formatMilliseconds } from "../shared/format.js";
import { faultView } from "./fault-view.js";

/** @typedef {import("./view.js").InterfaceView} InterfaceView */
/** @typedef {import("./client.js").Engine} Engine */

export class Runner {
  /** @type {any[] | null} */
  #wanted = null;
  #running = false;
  /** Goes up with whatever makes an answer on its way useless. */
  #turn = 0;
  /** @type {AbortController | null} */
  #abort = null;

  /** @param {Engine} engine @param {(text: string) => void} announce */
  constructor(engine, announce) {
    this.engine = engine;
    this.announce = announce;
    /** @type {InterfaceView | null} */
    this.view = null;
    engine.on("status", () => this.#running && this.#showWork());
  }

  /** The answer on its way, if any, is no longer wanted. */
  forget() {
    this.#turn += 1;
    this.#wanted = null;
    this.#showWork();
  }

  stop() {
    this.#abort?.abort();
  }

  /**
   * Runs the inputs as they are now.
   * @param {{ quiet?: boolean }} [options] `quiet`: not asked for by the visitor, so nothing is marked as missing.
   */
  async submit({ quiet = false } = {}) {
    const { view } = this;
    if (!view) return;
    await Promise.all(view.inputs.map((field) => field.settled));
    if (view !== this.view || this.#incomplete(view, quiet)) return;
    const turn = ++this.#turn;
    try {
      const payloads = await Promise.all(view.inputs.map((field, i) => view.modules.inputs[i].toPayload(field.value, field.config)));
      if (turn !== this.#turn) return;
      this.#wanted = payloads;
      await this.#drain();
    } catch (error) {
      if (turn === this.#turn) this.fail(error);
    }
  }

  /** @param {InterfaceView} view @param {boolean} quiet */
  #incomplete(view, quiet) {
    const problems = view.inputs.map((field) => [field, field.problem()]).filter(([, problem]) => problem !== null);
    if (problems.length === 0) return false;
    if (quiet) return true;
    for (const [field, problem] of problems) /** @type {import("./field.js").Field} */ (field).setProblem(String(problem));
    return true;
  }

  async #drain() {
    if (this.#running) return this.#showWork();
    this.#running = true;
    try {
      while (this.#wanted) {
        const payloads = this.#wanted;
        this.#wanted = null;
        await this.#runOnce(payloads);
      }
    } finally {
      this.#running = false;
      this.#showWork();
    }
    return undefined;
  }

  /** @param {any[]} payloads */
  async #runOnce(payloads) {
    const turn = this.#turn;
    this.#abort = new AbortController();
    this.#showWork();
    /** @param {any[]} outputs */
    const onPartial = (outputs) => turn === this.#turn && this.#show(outputs);
    try {
      const { outputs, milliseconds } = await this.engine.call(payloads, { onPartial, signal: this.#abort.signal });
      if (turn !== this.#turn) return;
      this.#show(outputs);
      this.view?.setOrigin(`Computed on your device in ${formatMilliseconds(milliseconds)}`);
      this.announce(this.view?.describe() ?? "");
    } catch (error) {
      if (turn === this.#turn) this.fail(error);
    }
  }

  /** @param {any[]} outputs Payloads. */
  #show(outputs) {
    const { view } = this;
    if (!view) return;
    view.setFault(null);
    view.setOutputs(outputs.map((payload, i) => view.modules.outputs[i].toPublic(payload, view.config.outputs[i])));
    view.setOrigin("Computing on your device");
  }

  /** @param {unknown} error */
  fail(error) {
    const fault = /** @type {import("../shared/fault.js").FaultError} */ (error);
    if (fault.stage === "cancelled") return;
    this.view?.setFault(faultView(fault, () => this.submit()));
  }

  #showWork() {
    const waiting = this.engine.status.state === "loading";
    const words = waiting ? "Your input runs as soon as the demo is loaded" : "Running on your device";
    this.view?.setBusy(this.#running, this.#running ? words : "");
  }
}
