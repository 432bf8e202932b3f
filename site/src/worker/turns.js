/** Tabs that need the same file at the same time: one downloads it, the others wait and take it from the device. */

import { findLocks } from "../shared/locks.js";

/** A tab that has a file in hand says so this often; in milliseconds. */
const BEAT_MS = 1000;
/**
 * A tab of which nothing was heard for so many beats has stopped with its locks: a phone's tab in the background, or in
 * WebKit the page before this one. Who waits for it then downloads by itself. Longer than Python's start, which says nothing.
 */
const SILENT_BEATS = 5;
const CHANNEL = "pageside/turns";

/** @typedef {import("../shared/locks.js").Locks} Locks */
/** @typedef {Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">} Channel */

/** Which files this tab has in hand, told to the others; and what they tell. The channel is open only while it is needed. */
export class Beats {
  /** @param {() => Channel} open */
  constructor(open = () => new BroadcastChannel(CHANNEL)) {
    this.open = open;
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Set<string>} */
    this.held = new Set();
    /** Who waits, and for which file. @type {Map<() => void, string>} */
    this.waiting = new Map();
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} hash that this tab has in hand until `drop` */
  hold(hash) {
    this.held.add(hash);
    this.listen();
    this.channel?.postMessage([hash]);
    this.timer ??= setInterval(() => this.channel?.postMessage([...this.held]), BEAT_MS);
  }

  /** @param {string} hash */
  drop(hash) {
    this.held.delete(hash);
    this.rest();
  }

  /**
   * @param {string} hash
   * @param {() => void} silent called when nothing was heard of it for a while
   * @returns {() => void} ends the waiting
   */
  waitFor(hash, silent) {
    let missed = 0;
    const heard = () => { missed = 0; };
    // In beats of its own: a tab that was busy for long hears what the other one said meanwhile before its next beat.
    const timer = setInterval(() => {
      // What this very tab has in hand it does not hear of.
      if (this.held.has(hash)) heard();
      else if (++missed === SILENT_BEATS) silent();
    }, BEAT_MS);
    this.waiting.set(heard, hash);
    this.listen();
    return () => {
      clearInterval(timer);
      this.waiting.delete(heard);
      this.rest();
    };
  }

  listen() {
    if (this.channel) return;
    try {
      this.channel = this.open();
    } catch {
      return; // Firefox refuses channels where it blocks storage: then nobody is heard, and who waits goes on after the silence
    }
    this.channel.onmessage = ({ data }) => {
      for (const [heard, hash] of this.waiting) if (data.includes(hash)) heard();
    };
  }

  rest() {
    if (this.held.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    if (this.held.size || this.waiting.size) return;
    this.channel?.close();
    this.channel = null;
  }
}

const ofThisTab = new Beats();

/**
 * @template T
 * @param {string} hash of the file
 * @param {() => Promise<T>} work looks on the device first: another tab may just have kept the file
 * @param {object} [more]
 * @param {() => Promise<void> | undefined} [more.until] the turn is over when this is, though the result is there before
 * @param {Locks} [more.locks] absent in browsers without them and in Node; then nobody waits
 * @param {Beats} [more.beats]
 * @returns {Promise<T>}
 */
export function inTurn(hash, work, { until = () => undefined, locks = findLocks(), beats = ofThisTab } = {}) {
  if (!locks) return work();
  const giveUp = new AbortController();
  const waited = beats.waitFor(hash, () => giveUp.abort());
  return new Promise((resolve, reject) => {
    let begun = false;
    const turn = async () => {
      begun = true;
      beats.hold(hash);
      waited();
      await work().then(resolve, reject);
      await until();
    };
    const held = locks.request(name(hash), { signal: giveUp.signal }, turn);
    // The other tab is stuck, or the browser gives no locks to this page.
    held.catch(() => (begun ? undefined : work().then(resolve, reject))).finally(() => {
      waited();
      beats.drop(hash);
    });
  });
}

/**
 * Which of the files that this tab has in hand another one waits for.
 * @param {Iterable<string>} hashes
 * @param {Locks} [locks]
 * @returns {Promise<string[]>}
 */
export async function awaited(hashes, locks = findLocks()) {
  try {
    const { pending = [] } = (await locks?.query()) ?? {};
    const names = new Set(pending.map((lock) => lock.name));
    return [...hashes].filter((hash) => names.has(name(hash)));
  } catch {
    return [];
  }
}

/** @param {string} hash */
const name = (hash) => `pageside/${hash}`;
