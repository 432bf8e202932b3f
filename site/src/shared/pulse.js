/**
 * Whether a worker still runs. It holds a lock of its own name while it works; the browser frees that when it ends the
 * worker, of which it tells nobody. While nothing is asked for no lock is held: a page with one is not kept for the way back.
 */

import { findLocks } from "./locks.js";

/** @typedef {import("./locks.js").Locks} Locks */

/** A first look soon, while the worker opens the demo, shows that locks work here at all; in milliseconds. */
const FIRST_LOOK = 500;
const NEXT_LOOK = 3000;

/**
 * The worker's side.
 * @param {string} name
 * @param {() => Promise<unknown>} work begins when the lock is asked for; synchronous Python would keep it from that
 * @param {Locks} [locks]
 */
export function holdDuring(name, work, locks = findLocks()) {
  /** @type {() => void} */
  let over = () => undefined;
  const working = new Promise((resolve) => { over = () => resolve(undefined); });
  locks?.request(name, { mode: "shared" }, () => working).catch(() => undefined);
  return work().finally(over);
}

/** The page's side, for one worker. */
export class Pulse {
  /** @param {string} name @param {Locks} [locks] */
  constructor(name, locks = findLocks()) {
    this.name = name;
    this.locks = locks;
    this.seen = false;
    /** Whether the worker ever answered: what runs holds its lock, also where no look has met it yet. */
    this.answered = false;
    /** The request in hand when the lock was missing. @type {number | null} */
    this.missing = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.looking = undefined;
  }

  /**
   * Looks while something is asked for.
   * @param {() => number | undefined} asked the first request that the worker has in hand
   * @param {() => void} gone called when the worker is gone
   */
  watch(asked, gone) {
    this.looking ??= setTimeout(() => this.look(asked, gone), FIRST_LOOK);
  }

  /** @param {() => number | undefined} asked @param {() => void} gone */
  async look(asked, gone) {
    const request = asked();
    const isGone = request !== undefined && (await this.isGone(request)) && asked() === request;
    // Ended meanwhile: nobody wants to know any more.
    if (this.looking === undefined) return;
    this.looking = undefined;
    if (isGone) gone();
    else if (asked() !== undefined) this.looking = setTimeout(() => this.look(asked, gone), NEXT_LOOK);
  }

  /** The worker was ended on purpose. */
  end() {
    clearTimeout(this.looking);
    this.looking = undefined;
  }

  /**
   * A look. Between two requests no lock is held, so a worker is gone when it is missing twice during the same one.
   * @param {number} request that the worker has in hand
   * @returns {Promise<boolean>}
   */
  async isGone(request) {
    const names = await this.names();
    const found = names.includes(this.name);
    // Another one's lock shows as well that locks work here.
    this.seen ||= found || (this.answered && names.length > 0);
    const gone = this.seen && !found && this.missing === request;
    this.missing = found ? null : request;
    return gone;
  }

  /** Of all locks that are held or waited for. */
  async names() {
    try {
      const { held = [], pending = [] } = (await this.locks?.query()) ?? {};
      return [...held, ...pending].map((lock) => lock.name);
    } catch {
      return [];
    }
  }
}
