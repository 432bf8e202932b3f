/** 16-bit integers that are stored in two planes, so that small ones are packed short: `planes.py` of the build says how. */

/**
 * `planes.wat`, assembled. WebAssembly, because this runs once, over millions: JavaScript is interpreted for most of that
 * where the browser's compiler has other work, as while a page starts.
 */
const JOIN = "AGFzbQEAAAABCAFgBH9/f38AAwIBAAUDAQAEBxECBm1lbW9yeQIABGpvaW4AAAqSAQGPAQIBfwJ7IAAgA2ohBANAIAH9AgMAIQUgAP0CAwBBBP" +
  "2LASAF/QwPAA8ADwAPAA8ADwAPAA8A/U4gBUEE/Y0BQQz9iwH9UP1QIQYgAiAGQQH9jQEgBv0MAQABAAEAAQABAAEAAQABAP1O/YEB/VH9CwQA" +
  "IABBCGohACABQQhqIQEgAkEQaiECIAAgBEkNAAsLAEMEbmFtZQIwAQAHAAV1cHBlcgEFbG93ZXICAnRvAwVjb3VudAQDZW5kBQNsb3cGCHVuc2" +
  "lnbmVkAwoBAAEABWVpZ2h0";
/** Integers at a time: two planes and the integers themselves have room in the four pages of memory. */
const CHUNK = 65_536;

/**
 * @param {Uint8Array} stored what lies between the runs, then the upper plane of all runs, then the lower
 * @param {[offset: number, count: number][]} runs of integers in the file, offsets in bytes
 * @returns {Uint8Array} the file, as long as `stored`
 * @throws {RangeError} where the runs are not those of a file of this length
 */
export function joinPlanes(stored, runs) {
  const total = runs.reduce((sum, [, count]) => sum + count, 0), rest = stored.length - 2 * total;
  if (rest < 0) throw new RangeError(`${total} integers are more than ${stored.length} bytes hold`);
  const join = joiner();
  const file = new Uint8Array(stored.length);
  let given = 0, at = 0, taken = rest;
  for (const [offset, count] of runs) {
    file.set(stored.subarray(given, given + offset - at), at);
    given += offset - at;
    at = offset + 2 * count;
    if (at > file.length) throw new RangeError(`a run ends at ${at}, behind the file's ${file.length} bytes`);
    for (let done = 0; done < count; done += CHUNK) {
      const size = Math.min(CHUNK, count - done), from = taken + done;
      file.set(join(stored.subarray(from, from + size), stored.subarray(from + total, from + total + size)), offset + 2 * done);
    }
    taken += count;
  }
  file.set(stored.subarray(given, rest), at);
  return file;
}

/** @returns {(upper: Uint8Array, lower: Uint8Array) => Uint8Array} at most CHUNK bytes of each; valid until the next call */
function joiner() {
  const binary = Uint8Array.from(atob(JOIN), (sign) => sign.charCodeAt(0));
  const { memory, join } = /** @type {{memory: WebAssembly.Memory, join: (...places: number[]) => void}} */ (
    /** @type {unknown} */ (new WebAssembly.Instance(new WebAssembly.Module(binary)).exports));
  const bytes = new Uint8Array(memory.buffer);
  return (upper, lower) => {
    bytes.set(upper, 0);
    bytes.set(lower, CHUNK);
    if (upper.length) join(0, CHUNK, 2 * CHUNK, upper.length);
    return bytes.subarray(2 * CHUNK, 2 * CHUNK + 2 * upper.length);
  };
}
