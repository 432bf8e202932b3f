/** Round numbers along an axis. */

/** A step's first digit, finest first. */
const DIGITS = [1, 2, 5, 10];

/**
 * @param {number} low @param {number} high @param {number} most At least 1.
 * @returns {number[]} At most `most` + 1 round numbers from low to high, ascending, their distance 1, 2 or 5 times a power of ten.
 */
export function ticks(low, high, most) {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * /** @type {number} */ (DIGITS.find((digit) => digit * power >= rough * (1 - 1e-9)));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Rounded, because 3 * 0.1 is not 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** @param {number} value @returns {string} Four digits at most. */
export function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/**
 * The extent of all finite numbers, or [0, 1] where there are none; one number alone gets room on both sides.
 * @param {Iterable<ArrayLike<number | null>>} columns
 * @returns {[number, number]}
 */
export function extent(columns) {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const value = column[i];
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return [0, 1];
  const room = low === high ? Math.abs(low) / 2 || 0.5 : 0;
  return [low - room, high + room];
}
