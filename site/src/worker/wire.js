/**
 * One file as the host sends it, in one stream, whatever happens to the connection: it is asked for again after a pause
 * that grows, from the byte where it broke off where the host can do that.
 */

// Kept from before interpreter.js answers Pyodide's own requests: a file stored under the very address that Pyodide asks
// for must still come from the network.
const network = globalThis.fetch.bind(globalThis);

/** Waits before the second, third and fourth try. */
export const BACK_OFF_MS = [400, 1600, 5000];
/** A connection that brings nothing for so long is given up. */
export const STALL_MS = 20_000;
/** So many new bytes make a connection a good one: the tries are counted anew. */
const PROGRESS = 65_536;

export class HttpError extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`the host answered ${status}`);
    this.status = status;
    /** Whether the same request may well be answered a moment later. */
    this.passing = status >= 500 || status === 429 || status === 408;
  }
}

export class Wire {
  /**
   * @param {URL} url
   * @param {object} options
   * @param {RequestCache} options.cache
   * @param {number[]} options.backOff milliseconds
   * @param {number} options.stall milliseconds
   * @param {(bytes: number) => void} options.count told of new bytes as they come
   */
  constructor(url, { cache, backOff, stall, count }) {
    this.url = url;
    this.cache = cache;
    this.backOff = backOff;
    this.stall = stall;
    this.count = count;
    this.received = 0;
    this.tries = 0;
    /** Where the last connection began. */
    this.began = 0;
    /** Bytes of this connection that were received before. */
    this.skip = 0;
    /** Whether offsets into what we get are offsets into what the host stores. */
    this.seekable = !globalThis.location?.origin || globalThis.location.origin === url.origin;
    /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
    this.reader = null;
    /** What ended the stream, which whoever decodes it would hide. @type {unknown} */
    this.failure = null;
    this.cancelled = false;
  }

  /** @returns {ReadableStream<Uint8Array>} */
  stream() {
    return new ReadableStream({
      pull: async (controller) => {
        const bytes = await this.next().catch((error) => {
          this.failure = error;
          throw error;
        });
        if (this.cancelled) return;
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
      // Whoever reads has seen enough, such as data that can't be decoded: no failure of the connection.
      cancel: (reason) => {
        this.cancelled = true;
        return this.reader?.cancel(reason);
      },
    });
  }

  /** @returns {Promise<Uint8Array | null>} null at the end */
  async next() {
    for (;;) {
      try {
        const bytes = await this.read();
        if (bytes?.length === 0) continue;
        return bytes;
      } catch (error) {
        this.reader = null;
        if (this.cancelled) return null;
        if (this.received - this.began >= PROGRESS) this.tries = 0;
        const isFinal = error instanceof HttpError && !error.passing;
        if (isFinal || this.tries >= this.backOff.length) throw error;
        await pause(this.backOff[this.tries++]);
      }
    }
  }

  /** @returns {Promise<Uint8Array | null>} what is new of the next piece */
  async read() {
    const abort = new AbortController();
    const { promise: silence, stop } = timer(this.stall, () => abort.abort());
    try {
      this.reader ??= await Promise.race([this.connect(abort.signal), silence]);
      const { value, done } = await Promise.race([this.reader.read(), silence]);
      if (done) return null;
      const known = Math.min(this.skip, value.length);
      this.skip -= known;
      const fresh = known ? value.subarray(known) : value;
      this.received += fresh.length;
      this.count(fresh.length);
      return fresh;
    } catch (error) {
      this.reader?.cancel().catch(() => undefined);
      throw error;
    } finally {
      stop();
    }
  }

  /** @param {AbortSignal} signal */
  async connect(signal) {
    const { received } = this;
    this.began = received;
    const isRange = received > 0 && this.seekable;
    const headers = isRange ? { Range: `bytes=${received}-` } : undefined;
    const response = await network(this.url, { cache: received ? "no-store" : this.cache, headers, signal });
    if (!response.ok || !response.body) throw new HttpError(response.status);
    // A host that decodes what it stores counts other bytes than we do.
    if (response.headers.get("Content-Encoding")) this.seekable = false;
    const isRest = response.status === 206 && response.headers.get("Content-Range")?.startsWith(`bytes ${received}-`);
    if (response.status === 206 && !isRest) {
      this.seekable = false;
      throw new Error("the host sent another part of the file than was asked for");
    }
    this.skip = isRest ? 0 : received;
    return response.body.getReader();
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * @param {number} milliseconds
 * @param {() => void} act
 * @returns {{promise: Promise<never>, stop: () => void}} a promise that rejects when the time is over
 */
function timer(milliseconds, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let handle;
  const promise = new Promise((_, reject) => {
    handle = setTimeout(() => {
      reject(new Error(`nothing came for ${milliseconds / 1000} s`));
      act();
    }, milliseconds);
  });
  return { promise: /** @type {Promise<never>} */ (promise), stop: () => clearTimeout(handle) };
}
