/**
 * Every file that the worker reads: from the device's store or the network, decoded, and verified before anybody sees a
 * byte of it. Progress is counted in bytes as stored on the host.
 */

import { FaultError } from "../shared/fault.js";
import { gunzipIfGzipped } from "../shared/gzip.js";
import { sha256 } from "../shared/hash.js";
import { Meter } from "../shared/meter.js";
import { joinPlanes } from "./planes.js";
import { awaited, inTurn } from "./turns.js";
import { Unpacker } from "./zstd.js";
import { BACK_OFF_MS, HttpError, STALL_MS, Wire } from "./wire.js";

/** @typedef {import("../protocol.js").FileRef} FileRef */
/** What a worker adds its name to. @typedef {Omit<import("../protocol.js").Progress, "worker">} FileProgress */
/** @typedef {Pick<import("./store.js").Store, "get" | "has" | "put" | "delete" | "hasRoom">} FileStore */

const REPORT_EVERY_MS = 50;
/** What took so long to come is kept at once: the tab may be closed before the rest is there. */
const SLOW_MS = 1000;
/** How often a tab looks whether another one waits for what it has not kept yet. */
const LOOK_MS = 250;
/** So long it takes at least until a speed is told. */
const SETTLE_MS = 200;

export class Assets {
  /**
   * @param {object} options
   * @param {string} options.base absolute URL that every `FileRef.url` is relative to
   * @param {FileStore | Promise<FileStore>} options.store
   * @param {(progress: FileProgress) => void} options.report
   * @param {number[]} [options.backOff] milliseconds
   * @param {number} [options.stall] milliseconds
   * @param {Record<string, Promise<void>>} [options.after] what files, in words, are not asked for on the network before
   */
  constructor({ base, store, report, backOff = BACK_OFF_MS, stall = STALL_MS, after = {} }) {
    this.base = base;
    this.store = Promise.resolve(store);
    this.report = report;
    this.backOff = backOff;
    this.stall = stall;
    this.after = after;
    this.meter = new Meter();
    /** Bytes on the wire of all files read so far. */
    this.bytes = 0;
    /** One promise a file while it is on its way. @type {Map<string, Promise<Uint8Array>>} */
    this.inFlight = new Map();
    /** Verified bytes that wait to be kept. @type {Map<string, Uint8Array>} */
    this.unsaved = new Map();
    /** Those of them that are on their way into the store. @type {Map<string, Promise<boolean>>} */
    this.keeping = new Map();
    /** The sizes of those that were kept, or given up. @type {Map<string, number>} */
    this.settled = new Map();
    /** Ends the turn of each file that waits. @type {Map<string, () => void>} */
    this.turns = new Map();
    /** @type {Map<string, {loaded: number, total: number, files: Set<string>, at: number, began: number}>} */
    this.counters = new Map();
  }

  /**
   * Announces files, so that a total does not grow while they are read.
   * @param {string} what in words: "model", "Python"
   * @param {FileRef[]} files
   */
  expect(what, files) {
    const counter = this.counters.get(what) ?? { loaded: 0, total: 0, files: new Set(), at: 0, began: 0 };
    this.counters.set(what, counter);
    for (const file of files) {
      if (counter.files.has(file.sha256)) continue;
      counter.files.add(file.sha256);
      counter.total += file.bytes;
    }
    return counter;
  }

  /**
   * @param {string} what
   * @param {FileRef} file
   * @returns {Promise<Uint8Array>} decoded and verified; shared with others who ask at the same time, so not to be changed
   * @throws {FaultError} stage `download` or `integrity`
   */
  load(what, file) {
    this.expect(what, [file]);
    const known = this.inFlight.get(file.sha256);
    if (known) return known;
    const loading = this.read(what, file).finally(() => this.inFlight.delete(file.sha256));
    this.inFlight.set(file.sha256, loading);
    return loading;
  }

  /**
   * @param {string} what
   * @param {FileRef[]} files
   * @returns {Promise<Uint8Array>} all files one after the other; they are read side by side
   */
  async loadJoined(what, files) {
    const parts = await Promise.all(files.map((file) => this.load(what, file)));
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  /**
   * Keeps on the device what was read from the network. Called when the visitor waits for nothing.
   * @returns {Promise<number>} bytes that found no room and were left
   */
  async save() {
    let left = await this.lost();
    for (const [hash, bytes] of [...this.unsaved]) if (!(await this.keep(hash, bytes))) left += bytes.length;
    return left;
  }

  /**
   * What was given up, and what was kept and is not there any more: where the disk itself is full, Chromium takes what it
   * is given, and loses it a moment later.
   * @returns {Promise<number>} bytes
   */
  async lost() {
    const store = await this.store;
    let lost = 0;
    for (const [hash, size] of this.settled) if (!(await store.has(hash))) lost += size;
    return lost;
  }

  /**
   * Settles when every file that was asked for until now has come, decoded or not, or won't come.
   * @param {number} [but] bytes on the wire that may still be missing
   */
  async received(but = 0) {
    const missing = () => [...this.counters.values()].reduce((sum, { loaded, total }) => sum + total - loaded, 0);
    const arriving = new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.counted = () => { if (missing() <= but) resolve(); };
    });
    this.counted();
    await Promise.race([arriving, Promise.allSettled([...this.inFlight.values()])]);
  }

  /**
   * How long files will take that were announced, at the speed that they had from their first byte on.
   * @param {string} what in words
   * @returns {Promise<number>} milliseconds; 0 where all are here, or none is on its way
   */
  async timeLeft(what) {
    const counter = this.expect(what, []);
    do {
      // What came while this worker was busy is counted first.
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    } while (this.inFlight.size && !counter.loaded);
    const { loaded, total, began } = counter;
    return loaded ? (performance.now() - began) * (total / loaded - 1) : 0;
  }

  /** Called whenever bytes were counted. */
  counted = () => undefined;

  /** Gives up what found no room. */
  forget() {
    for (const [hash, bytes] of this.unsaved) this.settled.set(hash, bytes.length);
    this.unsaved.clear();
    for (const end of this.turns.values()) end();
    this.turns.clear();
  }

  /**
   * @param {string} hash
   * @param {Uint8Array} bytes
   * @returns {Promise<boolean>} whether there was room
   */
  keep(hash, bytes) {
    const known = this.keeping.get(hash);
    if (known) return known;
    const keeping = this.put(hash, bytes).finally(() => this.keeping.delete(hash));
    this.keeping.set(hash, keeping);
    return keeping;
  }

  /**
   * @param {string} hash
   * @param {Uint8Array} bytes
   */
  async put(hash, bytes) {
    const store = await this.store;
    const isKept = (await store.hasRoom(bytes.length)) && (await store.put(hash, bytes));
    if (isKept) {
      this.unsaved.delete(hash);
      this.settled.set(hash, bytes.length);
    }
    this.turns.get(hash)?.();
    this.turns.delete(hash);
    return isKept;
  }

  /**
   * Settles when a file is kept, or can't be: the turn of this tab is over.
   * @param {string} hash
   * @returns {Promise<void> | undefined}
   */
  kept(hash) {
    if (!this.unsaved.has(hash)) return undefined;
    const ending = new Promise((/** @type {(value: void) => void} */ resolve) => this.turns.set(hash, resolve));
    this.looking ??= this.look().finally(() => { this.looking = undefined; });
    return ending;
  }

  /** Keeps at once what another tab waits for, and the rest when nobody waits for anything. */
  async look() {
    while (this.turns.size) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      for (const hash of await awaited(this.turns.keys())) {
        const bytes = this.unsaved.get(hash);
        if (bytes) await this.keep(hash, bytes);
      }
    }
  }

  /** @type {Promise<void> | undefined} */
  looking;

  /**
   * @param {string} what
   * @param {FileRef} file
   */
  async read(what, file) {
    const take = async () => (await this.fromStore(what, file)) ?? (await this.fromNetwork(what, file));
    const known = await this.fromStore(what, file);
    if (!known) await this.after[what];
    const bytes = known ?? (await inTurn(file.sha256, take, { until: () => this.kept(file.sha256) }));
    this.bytes += file.bytes;
    return bytes;
  }

  /**
   * @param {string} what
   * @param {FileRef} file
   */
  async fromStore(what, file) {
    const store = await this.store;
    const bytes = await store.get(file.sha256);
    if (!bytes) return null;
    if ((await sha256(bytes)) !== file.sha256) {
      await store.delete(file.sha256);
      return null;
    }
    this.count(what, file.bytes);
    return bytes;
  }

  /**
   * @param {string} what
   * @param {FileRef} file
   */
  async fromNetwork(what, file) {
    const start = performance.now();
    const bytes = await this.fetchVerified(what, file, "default").catch((error) => {
      if (!isAnswer(error)) throw error;
      // The browser's HTTP cache may hold a stale or broken copy, or an old 404; ask the host itself.
      return this.fetchVerified(what, file, "reload");
    }).catch((error) => {
      throw error instanceof Corrupt ? new FaultError("integrity", `${file.url}: ${error.message}`)
        : downloadFault(new URL(file.url, this.base), error);
    });
    this.unsaved.set(file.sha256, bytes);
    if (performance.now() - start > SLOW_MS) void this.keep(file.sha256, bytes);
    return bytes;
  }

  /**
   * @param {string} what
   * @param {FileRef} file
   * @param {RequestCache} cache
   */
  async fetchVerified(what, file, cache) {
    let counted = 0;
    /** @param {number} more */
    const count = (more) => {
      // A host that decodes on its own sends more bytes than it stores; never count beyond the file.
      const step = Math.min(more, file.bytes - counted);
      counted += step;
      this.meter.add(step, performance.now());
      this.count(what, step);
    };
    const { backOff, stall } = this;
    const wire = new Wire(new URL(file.url, this.base), { cache, backOff, stall, count });
    try {
      const bytes = await decode(wire, file);
      await verify(file, bytes);
      count(file.bytes);
      return bytes;
    } catch (error) {
      this.count(what, -counted);
      throw error;
    }
  }

  /**
   * @param {string} what
   * @param {number} bytes
   */
  count(what, bytes) {
    const counter = this.expect(what, []);
    counter.loaded = Math.min(counter.total, counter.loaded + bytes);
    this.counted();
    const now = performance.now();
    counter.began ||= now;
    if (counter.loaded < counter.total && now - counter.at < REPORT_EVERY_MS) return;
    counter.at = now;
    const rate = this.meter.rate(now);
    this.report({ what, loaded: counter.loaded, total: counter.total, ...(rate === null ? {} : { rate }) });
  }
}

/** The bytes are not those of the bundle. */
class Corrupt extends Error {}

/** Whether the host, or a cache in its name, gave an answer that a mere repetition would give again. @param {unknown} error */
function isAnswer(error) {
  return error instanceof Corrupt || (error instanceof HttpError && !error.passing);
}

/**
 * @param {URL} url
 * @param {unknown} error
 */
function downloadFault(url, error) {
  const hint = error instanceof HttpError && !error.passing
    ? "The file is missing on the host: publish the whole folder that `pageside build` wrote."
    : "Check the connection and try again.";
  return new FaultError("download", `${url.pathname}: ${/** @type {Error} */ (error).message}`, { hint });
}

/**
 * @param {Wire} wire
 * @param {FileRef} file
 * @returns {Promise<Uint8Array>}
 */
async function decode(wire, file) {
  const source = wire.stream();
  const { encoding, bytes: stored, planes, size } = file;
  try {
    const unpacker = encoding === "zstd" ? new Unpacker(size) : null;
    const bytes = unpacker ? await unpacker.finish(await collect(source, Math.max(stored, size), (part) => unpacker.take(part)))
      : await collect(encoding ? await gunzipIfGzipped(source) : source, size);
    if (bytes.length !== size) throw new Corrupt(`it has ${bytes.length} bytes, bundle.json says ${size}`);
    return planes ? joinPlanes(bytes, planes) : bytes;
  } catch (error) {
    if (wire.failure) throw wire.failure;
    if (error instanceof Corrupt || error instanceof FaultError) throw error;
    throw new Corrupt(`its ${encoding} data can't be decoded; the file was changed or cut off`);
  }
}

/**
 * Into one array of the size that the bundle names, so that nothing is copied twice and nothing grows without end.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} most bytes
 * @param {(bytes: Uint8Array) => void} [seen] of all that came so far, whenever some did
 */
async function collect(stream, most, seen = () => undefined) {
  const bytes = new Uint8Array(most);
  const reader = stream.getReader();
  let filled = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return bytes.subarray(0, filled);
      if (filled + value.length > most) throw new Corrupt(`it has more than ${most} bytes, the size that bundle.json says`);
      bytes.set(value, filled);
      filled += value.length;
      seen(bytes.subarray(0, filled));
    }
  } finally {
    // Of a stream at its end there is nothing to cancel.
    void reader.cancel().catch(() => undefined);
  }
}

/**
 * @param {FileRef} file
 * @param {Uint8Array} bytes
 */
async function verify(file, bytes) {
  const found = await sha256(bytes);
  if (found !== file.sha256) throw new Corrupt(`its SHA-256 is ${found}, bundle.json says ${file.sha256}`);
}
