/** Numbers between two ends, as pure functions. No DOM. */

/** @typedef {{ minimum?: number | null, maximum?: number | null }} Ends */

/** @param {number | null} value @param {Ends} ends @returns {string | null} What keeps a number from being used. */
export function rangeProblem(value, { minimum, maximum }) {
  if (value === null) return null;
  if (typeof minimum === "number" && value < minimum) return `${value} is less than the minimum, ${minimum}.`;
  if (typeof maximum === "number" && value > maximum) return `${value} is more than the maximum, ${maximum}.`;
  return null;
}

/** @param {number} value @param {Ends} ends @returns {number} Where it lies between the ends, 0 to 1. */
export function shareOf(value, { minimum, maximum }) {
  const [low, high] = [minimum ?? 0, maximum ?? 1];
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/**
 * @param {Ends & { step?: number | null, value?: number | null, randomize?: boolean }} props
 * @param {number} random 0 to 1
 * @returns {number} What an untouched slider stands at: the maker's value, a random step, or the minimum.
 */
export function startOf({ minimum, maximum, step, value, randomize }, random) {
  const [low, high] = [minimum ?? 0, maximum ?? 1];
  if (!randomize) return value ?? low;
  const size = step || (high - low) / 100;
  // Sums of 0.1 end in a row of nines.
  return Number((low + Math.round(random * Math.floor((high - low) / size)) * size).toPrecision(12));
}
