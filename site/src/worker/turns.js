/** Tabs that need the same file at the same time: one downloads it, the others wait and take it from the device. */

import { findLocks } from "../shared/locks.js";

/** So long a tab waits for another, which the system may have stopped; then it downloads by itself. */
const PATIENCE_MS = 120_000;

/** @typedef {import("../shared/locks.js").Locks} Locks */

/**
 * @template T
 * @param {string} hash of the file
 * @param {() => Promise<T>} work looks on the device first: another tab may just have kept the file
 * @param {object} [more]
 * @param {() => Promise<void> | undefined} [more.until] the turn is over when this is, though the result is there before
 * @param {Locks} [more.locks] absent in browsers without them and in Node; then nobody waits
 * @returns {Promise<T>}
 */
export function inTurn(hash, work, { until = () => undefined, locks = findLocks() } = {}) {
  if (!locks) return work();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
  return new Promise((resolve, reject) => {
    let begun = false;
    const turn = async () => {
      begun = true;
      clearTimeout(timer);
      await work().then(resolve, reject);
      await until();
    };
    const held = locks.request(name(hash), { signal: waiting.signal }, turn);
    // The other tab is stuck, or the browser gives no locks to this page.
    held.catch(() => (begun ? undefined : work().then(resolve, reject))).finally(() => clearTimeout(timer));
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
