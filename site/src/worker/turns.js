/** Tabs that need the same file at the same time: one downloads it, the others wait and take it from the device. */

/** So long a tab waits for another, which the system may have stopped; then it downloads by itself. */
const PATIENCE_MS = 120_000;

/** @typedef {Pick<LockManager, "request" | "query">} Locks */

/**
 * @template T
 * @param {string} hash of the file
 * @param {() => Promise<T>} work looks on the device first: another tab may just have kept the file
 * @param {Locks} [locks] absent in browsers without them and in Node; then nobody waits
 * @returns {Promise<T>}
 */
export async function inTurn(hash, work, locks = findLocks()) {
  if (!locks) return work();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
  let begun = false;
  try {
    return await locks.request(name(hash), { signal: waiting.signal }, () => {
      begun = true;
      clearTimeout(timer);
      return work();
    });
  } catch (error) {
    // The other tab is stuck, or the browser gives no locks to this page.
    if (begun) throw error;
    return work();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether another tab waits for a file that this one has in hand.
 * @param {string} hash
 * @param {Locks} [locks]
 */
export async function isAwaited(hash, locks = findLocks()) {
  try {
    const { pending = [] } = (await locks?.query()) ?? {};
    return pending.some((lock) => lock.name === name(hash));
  } catch {
    return false;
  }
}

/** @param {string} hash */
const name = (hash) => `pageside/${hash}`;

/** @returns {Locks | undefined} */
function findLocks() {
  return globalThis.navigator?.locks;
}
