/**
 * Python's memory right after its start, kept on the device, so that the next visit need not start it again. Only what
 * comes with the runtime is in it: the standard library, numpy and pageside, nothing of a demo.
 */

import { sha256 } from "../shared/hash.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("../protocol.js").Bundle} Bundle */

/** Of the packages that a demo ships, those whose modules are in the memory. */
export const KEPT_PACKAGES = ["numpy", "pageside"];
/** Changes when an older snapshot would not fit the code that restores it. */
const FORMAT = 1;
/** One is made where so many times its size is free. */
const ROOM = 4;
/** A restore that began so long ago, in milliseconds, and never ended has hung, or has taken its tab with it. */
const HUNG = 20_000;

export class Snapshots {
  /**
   * @param {Bundle} bundle
   * @param {Promise<Store>} store
   */
  constructor(bundle, store) {
    this.bundle = bundle;
    this.store = store;
    /** Made on this visit and not kept yet. @type {Uint8Array | null} */
    this.unsaved = null;
  }

  /**
   * @returns {Promise<Uint8Array | null>} null where there is none for this runtime and browser, where it is damaged, and
   *   where an earlier restore never ended
   */
  async read() {
    const store = await this.store, name = await this.name();
    const [note, begun] = await Promise.all([store.note(name), store.note(`${name}/begun`)]);
    if (!note) return null;
    if (begun) {
      // Perhaps another tab's that is at it now: then this one starts from the files, and nothing is dropped.
      if (Date.now() - begun.at > HUNG) await this.drop();
      return null;
    }
    const bytes = await store.get(note.sha256);
    if (bytes && (await sha256(bytes)) === note.sha256) return bytes;
    await this.drop();
    return null;
  }

  /** Before a restore: if it never ends, the next visit knows. */
  async begin() {
    await (await this.store).setNote(`${await this.name()}/begun`, { at: Date.now() });
  }

  /** The restore has ended, well or not. */
  async end() {
    await (await this.store).delete(`${await this.name()}/begun`);
  }

  /** It does not work here. */
  async drop() {
    const store = await this.store, name = await this.name();
    const note = await store.note(name);
    if (note) await store.delete(note.sha256);
    await Promise.all([store.delete(name), store.delete(`${name}/begun`)]);
  }

  /** Keeps what was made, where there is room. Called when the visitor waits for nothing. */
  async save() {
    const bytes = this.unsaved;
    this.unsaved = null;
    if (!bytes || !(await hasRoom(ROOM * bytes.length))) return;
    const store = await this.store, hash = await sha256(bytes);
    await store.put(hash, bytes);
    // Last: a note without its bytes would be of no use.
    await store.setNote(await this.name(), { sha256: hash });
  }

  /** What is kept, for `Store.keepOnly`. @returns {Promise<string[]>} */
  async names() {
    const name = await this.name();
    const note = await (await this.store).note(name);
    return note ? [name, note.sha256] : [];
  }

  /** All that the memory's content depends on, as a name. */
  name() {
    this.naming ??= browserBuild().then(async (browser) => {
      const { version, pyodide: { wheels } } = this.bundle.runtime;
      const packages = wheels.filter(({ name }) => KEPT_PACKAGES.includes(name)).map((wheel) => wheel.sha256);
      return `snapshot/${await sha256(new TextEncoder().encode([FORMAT, version, browser, ...packages].join("\n")))}`;
    });
    return this.naming;
  }

  /** @type {Promise<string> | undefined} */
  naming;
}

/** The user agent; Chromium's names its exact build only when asked. */
async function browserBuild() {
  const { userAgent, userAgentData } =
    /** @type {{userAgent: string, userAgentData?: {getHighEntropyValues: (hints: string[]) => Promise<object>}}} */ (navigator);
  const exact = await userAgentData?.getHighEntropyValues(["fullVersionList"]).catch(() => null);
  return exact ? `${userAgent} ${JSON.stringify(exact)}` : userAgent;
}

/** @param {number} bytes */
async function hasRoom(bytes) {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || quota - (usage ?? 0) > bytes;
  } catch {
    return true; // no estimate: then a put that finds no room keeps nothing
  }
}
