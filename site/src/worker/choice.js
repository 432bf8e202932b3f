/**
 * What this device has shown about the backends, kept for the next visit: the one that won, and why the other did not.
 * Forgotten when anything that it depends on changes.
 */

import { describeAdapter, findAdapter } from "./gpu.js";

/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").BackendReport} BackendReport */
/** @typedef {import("../protocol.js").Bundle} Bundle */

/**
 * @typedef {object} Note
 * @property {BackendId | null} backend the winner
 * @property {BackendReport[]} others what was found of the rest
 * @property {number} begun trials since the last one that ended
 * @property {number} lost how often the GPU device went away
 */

/** A trial may not end because the tab is closed, or because it took the tab with it: the second time it is believed. */
const TRIALS = 2;
/** A device may be lost when a laptop sleeps: the second time it is believed. */
const LOSSES = 2;
/** @type {Note} */
const NOTHING = { backend: null, others: [], begun: 0, lost: 0 };

export class Choice {
  /**
   * @param {object} options
   * @param {Bundle} options.bundle
   * @param {string} options.base
   * @param {number} options.threads
   * @param {Promise<Pick<import("./store.js").Store, "note" | "setNote">>} options.store
   */
  constructor({ bundle, base, threads, store }) {
    this.bundle = bundle;
    this.threads = threads;
    this.store = store;
    this.name = `choice/${encodeURIComponent(base)}`;
  }

  /** @returns {Promise<Note>} an empty one where there is none for this device, browser, model and runtime */
  async read() {
    const note = await (await this.store).note(this.name);
    return note && note.fingerprint === (await this.fingerprint()) ? { ...NOTHING, ...note } : NOTHING;
  }

  /**
   * @param {BackendId} backend the winner
   * @param {BackendReport[]} others
   */
  async write(backend, others) {
    await this.amend({ backend, others, begun: 0 });
  }

  /** Before a trial. @returns {Promise<boolean>} false where earlier ones never ended */
  async begin() {
    const { begun } = await this.read();
    if (begun >= TRIALS) return false;
    await this.amend({ begun: begun + 1 });
    return true;
  }

  /**
   * The GPU device went away while it was in use.
   * @param {BackendReport[]} others what is kept when it is not used any more
   */
  async lose(others) {
    const lost = (await this.read()).lost + 1;
    await this.amend(lost < LOSSES ? { lost, backend: null } : { lost, backend: "wasm", others });
  }

  /** @param {Partial<Note>} change */
  async amend(change) {
    const note = { ...(await this.read()), ...change, fingerprint: await this.fingerprint() };
    await (await this.store).setNote(this.name, note);
  }

  /** All that a timing depends on. */
  async fingerprint() {
    const adapter = await findAdapter();
    const parts = this.bundle.models.flatMap(({ variants }) => variants.flatMap((variant) => variant.parts));
    const device = [adapter ? describeAdapter(adapter) : "no GPU", navigator.userAgent, this.threads];
    return [...device, this.bundle.runtime.version, ...parts.map(({ sha256 }) => sha256)].join("\n");
  }
}
