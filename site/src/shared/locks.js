/** @typedef {Pick<LockManager, "request" | "query">} Locks */

/** @returns {Locks | undefined} absent in browsers without them, outside a secure context and in Node */
export function findLocks() {
  return globalThis.navigator?.locks;
}
