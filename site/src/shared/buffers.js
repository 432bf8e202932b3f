/** Which memory a value holds, so that it can be transferred in place of copied. */

/**
 * Every ArrayBuffer under a value made of plain objects, arrays and typed arrays.
 * @param {unknown} value
 * @param {Set<ArrayBuffer>} [found]
 * @returns {Set<ArrayBuffer>}
 */
export function buffersOf(value, found = new Set()) {
  if (value instanceof ArrayBuffer) found.add(value);
  else if (ArrayBuffer.isView(value)) buffersOf(value.buffer, found);
  else if (Array.isArray(value)) for (const item of value) buffersOf(item, found);
  else if (isPlain(value)) for (const item of Object.values(value)) buffersOf(item, found);
  return found;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isPlain(value) {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
