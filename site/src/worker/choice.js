/** The backend that won on this device, kept for the next visit and forgotten when anything that it depends on changes. */

import { describeAdapter, findAdapter } from "./gpu.js";

/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").Bundle} Bundle */

export class Choice {
  /**
   * @param {object} options
   * @param {Bundle} options.bundle
   * @param {string} options.base
   * @param {number} options.threads
   * @param {Promise<import("./store.js").Store>} options.store
   */
  constructor({ bundle, base, threads, store }) {
    this.bundle = bundle;
    this.threads = threads;
    this.store = store;
    this.name = `choice/${encodeURIComponent(base)}`;
  }

  /** @returns {Promise<BackendId | null>} null where none was made, or not for this device, browser, model and runtime */
  async read() {
    const note = await (await this.store).note(this.name);
    return note && note.fingerprint === (await this.fingerprint()) ? note.backend : null;
  }

  /** @param {BackendId} backend */
  async write(backend) {
    await (await this.store).setNote(this.name, { backend, fingerprint: await this.fingerprint() });
  }

  async forget() {
    await (await this.store).delete(this.name);
  }

  /** All that a timing depends on. */
  async fingerprint() {
    const adapter = await findAdapter();
    const parts = this.bundle.models.flatMap(({ variants }) => variants.flatMap((variant) => variant.parts));
    const device = [adapter ? describeAdapter(adapter) : "no GPU", navigator.userAgent, this.threads];
    return [...device, this.bundle.runtime.version, ...parts.map(({ sha256 }) => sha256)].join("\n");
  }
}
