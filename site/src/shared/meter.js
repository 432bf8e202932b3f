/** How fast bytes come: over the last seconds, so that it says what is and not what was. */

const WINDOW_MS = 3000;
/** In less time a rate means nothing. */
const SHORTEST_MS = 500;

export class Meter {
  constructor() {
    /** @type {{at: number, bytes: number}[]} */
    this.seen = [];
  }

  /** @param {number} bytes @param {number} now milliseconds */
  add(bytes, now) {
    this.seen.push({ at: now, bytes });
    while (this.seen[0].at < now - WINDOW_MS) this.seen.shift();
  }

  /** @param {number} now milliseconds @returns {number | null} bytes a second; null where too little is known */
  rate(now) {
    const recent = this.seen.filter(({ at }) => at >= now - WINDOW_MS);
    if (!recent.length || now - recent[0].at < SHORTEST_MS) return null;
    // The first piece came before the time that is measured began.
    const bytes = recent.slice(1).reduce((sum, piece) => sum + piece.bytes, 0);
    return (bytes / (now - recent[0].at)) * 1000;
  }
}
