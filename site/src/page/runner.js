/**
 * From Submit to the answer. One call at a time; of those that wait, only the last one: an answer to an input that is no
 * longer there helps nobody. A live interface shows each answer that comes, newer than the one in view even where the
 * input has moved on, and drops the inputs in between. Nothing that the visitor entered, and no earlier answer, is taken
 * away by a failure.
 */
import { formatMilliseconds } from "../shared/format.js";
import { faultView } from "./fault-view.js";

/** @typedef {import("./view.js").InterfaceView} InterfaceView */
/** @typedef {import("./client.js").Engine} Engine */

/** How long a live answer stands before it is read out, in milliseconds. */
const LIVE_REST = 700;

export class Runner {
  /** @type {any[] | null} */
  #wanted = null;
  #running = false;
  /** Goes up with whatever makes an answer on its way useless. */
  #turn = 0;
  /** Counts live inputs: one that took long to read must not follow a later one. */
  #asked = 0;
  #taken = 0;
  #live = false;
  /** A stream has more for the function when the call that runs is done. */
  #more = false;
  /** State components begin anew with the next call. */
  #fresh = true;
  #stopping = false;
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
    this.#fresh = true;
    this.#turn += 1;
    this.#wanted = null;
    this.#showWork();
  }

  stop() {
    this.#stopping = this.#running;
    this.#abort?.abort();
    // Python that hears nothing is ended some seconds later; until then the visitor sees that Stop was.
    this.#showWork();
  }

  /**
   * Runs the inputs as they are now.
   * @param {{ quiet?: boolean, live?: boolean }} [options] `quiet`: not asked for by the visitor, so nothing is marked as
   *   missing. `live`: one of many while the visitor goes on, quiet too; with an input missing there is no answer to show.
   */
  async submit({ quiet = false, live = false } = {}) {
    const { view } = this;
    if (!view) return;
    await Promise.all(view.inputs.map((field) => field.settled));
    if (view !== this.view || this.#incomplete(view, { quiet, live }) || this.#streamWaits(view, live)) return;
    const turn = live ? this.#turn : ++this.#turn;
    try {
      if (await this.#read(view, turn, live)) await this.#drain();
    } catch (error) {
      if (turn === this.#turn) this.fail(error);
    }
  }

  /** @param {InterfaceView} view @param {number} turn @param {boolean} live @returns {Promise<boolean>} They are still wanted. */
  async #read(view, turn, live) {
    const asked = ++this.#asked;
    const payloads = await Promise.all(view.inputs.map((field, i) => view.modules.inputs[i].toPayload(field.takeValue(), field.config)));
    if (turn !== this.#turn || asked < this.#taken) return false;
    this.#taken = asked;
    this.#live = live;
    this.#wanted = payloads;
    return true;
  }

  /**
   * What a stream hands over must not be dropped, so it is taken when there is a call for it.
   * @param {InterfaceView} view @param {boolean} live
   */
  #streamWaits(view, live) {
    this.#more = live && this.#running && view.streams;
    return this.#more || view.inputs.some((field) => field.isDry());
  }

  #empty() {
    this.forget();
    this.view?.setOutputs([]);
    this.view?.setFault(null);
    this.view?.setOrigin("");
  }

  /** @param {InterfaceView} view @param {{ quiet: boolean, live: boolean }} options */
  #incomplete(view, { quiet, live }) {
    const problems = view.inputs.map((field) => [field, field.problem()]).filter(([, problem]) => problem !== null);
    if (problems.length === 0) return false;
    if (live) this.#empty();
    if (live || quiet) return true;
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
      if (!this.#more) this.view?.setFlowing(false);
      this.#showWork();
    }
    if (this.#more) await this.submit({ live: true });
    return undefined;
  }

  /** @param {any[]} payloads */
  async #runOnce(payloads) {
    const turn = this.#turn;
    const fresh = this.#fresh;
    let begun = false;
    this.#fresh = this.#stopping = false;
    this.#abort = new AbortController();
    this.#showWork();
    /** @param {any[]} outputs */
    const onPartial = (outputs) => {
      if (turn !== this.#turn) return;
      begun = true;
      this.#show(outputs);
    };
    // Also of a call that nobody wants any more: it is what the next one waits for.
    /** @param {import("../protocol.js").Level[]} levels */
    const onStep = (levels) => this.view?.setProgress(levels);
    /** @param {import("../protocol.js").Notice} notice */
    const onNotice = (notice) => turn === this.#turn && this.view?.notices.add(notice);
    this.view?.notices.clear();
    try {
      const options = { onPartial, onStep, onNotice, signal: this.#abort.signal, fresh };
      const { outputs, milliseconds } = await this.engine.call(payloads, options);
      if (turn !== this.#turn) return;
      this.#show(outputs);
      this.view?.setFlowing(this.#live);
      this.view?.setOrigin(`Computed on your device in ${formatMilliseconds(milliseconds)}`);
      this.#tell();
    } catch (error) {
      if (turn !== this.#turn) return;
      if (begun) this.view?.setOrigin("Computed on your device, and stopped before its end");
      this.fail(error);
    } finally {
      this.view?.setProgress([]);
    }
  }

  /** A screen reader hears the answer; of live ones the last, once they rest. */
  #tell() {
    clearTimeout(this.telling);
    const tell = () => this.announce(this.view?.describe() ?? "");
    if (this.#live) this.telling = setTimeout(tell, LIVE_REST);
    else tell();
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
    // Words that come and go thirty times a second help nobody.
    const running = this.#live ? "" : this.#stopping ? "Stopping" : "Running on your device";
    const words = waiting ? "Your input runs as soon as the demo is loaded" : running;
    this.view?.setBusy(this.#running, this.#running ? words : "");
  }
}
