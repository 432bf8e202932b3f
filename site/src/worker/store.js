/**
 * What this device keeps between visits, in the Cache API, under names made of SHA-256: files with their decoded bytes,
 * and small notes as JSON. Storage may be blocked, full or absent; then nothing is kept and nothing fails.
 */

const NAME = "pageside-1";
/** Left free of what the browser grants, for notes and for the service worker's copies of the pages. */
const RESERVE = 2_000_000;

export class Store {
  /** @param {Cache | null} cache */
  constructor(cache) {
    this.cache = cache;
  }

  static async open() {
    try {
      // Reading `caches` itself throws in a sandboxed frame, and it is absent on an insecure origin.
      return new Store((await globalThis.caches?.open(NAME)) ?? null);
    } catch {
      return new Store(null);
    }
  }

  /**
   * @param {string} sha256
   * @returns {Promise<Uint8Array | null>} the bytes as they were kept, not verified
   */
  async get(sha256) {
    const response = await this.match(sha256);
    return response ? new Uint8Array(await response.arrayBuffer()) : null;
  }

  /**
   * @param {string} sha256
   * @param {Uint8Array} bytes
   * @returns {Promise<boolean>} whether they are kept now
   */
  async put(sha256, bytes) {
    return (await this.attempt(async (cache) => {
      if (!(await cache.match(address(sha256)))) await cache.put(address(sha256), new Response(/** @type {BodyInit} */ (bytes)));
      return true;
    })) ?? false;
  }

  /** @param {string} sha256 */
  async has(sha256) {
    return Boolean(await this.match(sha256));
  }

  /**
   * Whether so many bytes can be kept; asked before, because a full device deletes what others keep.
   * @param {number} bytes
   */
  async hasRoom(bytes) {
    if (!this.cache) return false;
    try {
      const { quota, usage } = await navigator.storage.estimate();
      return quota === undefined || quota - (usage ?? 0) > bytes + RESERVE;
    } catch {
      return true; // no estimate: then a put that finds no room keeps nothing
    }
  }

  /** @param {string} name */
  async delete(name) {
    await this.attempt((cache) => cache.delete(address(name)));
  }

  /**
   * @param {string} name
   * @returns {Promise<any>} null where there is no such note
   */
  async note(name) {
    const response = await this.match(name);
    return (await response?.json().catch(() => null)) ?? null;
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  async setNote(name, value) {
    await this.attempt((cache) => cache.put(address(name), new Response(JSON.stringify(value))));
  }

  /**
   * Remembers which files a demo needs now, and removes those that it needed before and that no demo needs any more.
   * @param {string} base of the demo
   * @param {string[]} files their SHA-256
   */
  async keepOnly(base, files) {
    await this.attempt(async (cache) => {
      const name = `demos/${encodeURIComponent(base)}`;
      const before = /** @type {string[]} */ ((await this.note(name)) ?? []);
      await this.setNote(name, files);
      const old = new Set(before.filter((file) => !files.includes(file)));
      if (!old.size) return;
      for (const file of await this.neededElsewhere(cache)) old.delete(file);
      for (const file of old) await cache.delete(address(file));
    });
  }

  /**
   * @param {Cache} cache
   * @returns {Promise<string[]>} the files of all demos
   */
  async neededElsewhere(cache) {
    const notes = (await cache.keys()).filter((request) => new URL(request.url).pathname.startsWith("/.pageside/demos/"));
    const lists = await Promise.all(notes.map(async (request) => (await cache.match(request))?.json()));
    return lists.flat();
  }

  /** @param {string} name */
  async match(name) {
    return this.attempt((cache) => cache.match(address(name)));
  }

  /**
   * @template T
   * @param {(cache: Cache) => Promise<T>} use
   * @returns {Promise<T | undefined>}
   */
  async attempt(use) {
    try {
      return this.cache ? await use(this.cache) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A made-up path of our own origin: a Cache takes addresses only. @param {string} name */
function address(name) {
  return new URL(`/.pageside/${name}`, self.origin).href;
}
