/**
 * In which order files come from the network. On a narrow line all of them side by side arrive together at the end, and
 * only then anything starts; so Python, which takes longest to start, comes first and starts while the rest is on its way.
 */

/** By what a file is for; those of one rank come side by side, and what is not named comes first. */
const RANKS = new Map([["onnxruntime", 1], ["model", 2]]);

export class Order {
  /** @type {Set<{rank: number, arrived: Promise<void>}>} */
  #coming = new Set();

  /**
   * @param {string} what
   * @returns {() => void} to be called when the file's bytes are here, or will not come
   */
  announce(what) {
    let resolve = () => {};
    const arrived = new Promise((/** @type {(value: void) => void} */ done) => (resolve = done));
    const file = { rank: rankOf(what), arrived };
    this.#coming.add(file);
    return () => {
      this.#coming.delete(file);
      resolve();
    };
  }

  /**
   * Settles when the bytes of all that comes earlier are here.
   * @param {string} what
   */
  async turn(what) {
    for (;;) {
      const earlier = [...this.#coming].filter(({ rank }) => rank < rankOf(what));
      if (earlier.length === 0) return;
      await Promise.all(earlier.map(({ arrived }) => arrived));
    }
  }
}

/** @param {string} what */
const rankOf = (what) => RANKS.get(what) ?? 0;
