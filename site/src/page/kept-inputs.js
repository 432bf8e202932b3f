/**
 * What the visitor wrote, kept for the way back where the browser opens the page anew; one that it kept whole needs nothing.
 * Pictures and sounds are not kept: they are too large for this storage.
 */

/** @typedef {{ value: any }} Holder */

/** Letters of all values together. */
const MOST = 500_000;

const key = () => `pageside/inputs${location.pathname}`;

/** @param {() => Holder[]} fields Asked for when the visitor leaves. */
export function keepInputs(fields) {
  addEventListener("pagehide", () => attempt(() => {
    const kept = JSON.stringify(fields().map(({ value }) => (isPlain(value) ? value : null)));
    if (kept.length <= MOST) sessionStorage.setItem(key(), kept);
  }));
}

/**
 * @param {Holder[]} fields
 * @returns {boolean} Whether one of them has another value now.
 */
export function bringBack(fields) {
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (visit?.type !== "back_forward") return false;
  const kept = attempt(() => JSON.parse(sessionStorage.getItem(key()) ?? "null"));
  if (!Array.isArray(kept) || kept.length !== fields.length) return false;
  const changed = fields.filter((field, i) => kept[i] !== null && isPlain(field.value) && field.value !== kept[i]);
  for (const field of changed) field.value = kept[fields.indexOf(field)];
  return changed.length > 0;
}

/** @param {any} value */
const isPlain = (value) => ["string", "number", "boolean"].includes(typeof value);

/** Storage may be blocked or full. @template T @param {() => T} act @returns {T | null} */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
