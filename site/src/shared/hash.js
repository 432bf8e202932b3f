/** SHA-256: the platform's where there is one, else our own (an insecure origin such as http://192.168.0.7 has no crypto.subtle). */

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<string>} lower-case hexadecimal
 */
export async function sha256(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return sha256Portable(bytes);
  const digest = await subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  return toHex(new Uint8Array(digest));
}

/** @param {Uint8Array} bytes */
function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * FIPS 180-4, section 6.2.
 * @param {Uint8Array} bytes
 * @returns {string} lower-case hexadecimal
 */
export function sha256Portable(bytes) {
  const state = new Uint32Array(INITIAL);
  const schedule = new Uint32Array(64);
  const whole = bytes.length - (bytes.length % 64);
  compress(state, schedule, bytes.subarray(0, whole));
  compress(state, schedule, padded(bytes.subarray(whole), bytes.length));
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/**
 * The last block or two: the rest, a one bit, zeros, and the length in bits as 64 bits big-endian.
 * @param {Uint8Array} rest
 * @param {number} length of the whole message in bytes
 */
function padded(rest, length) {
  const blocks = new Uint8Array(rest.length < 56 ? 64 : 128);
  blocks.set(rest);
  blocks[rest.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(length / 0x20000000));
  view.setUint32(blocks.length - 4, (length << 3) >>> 0);
  return blocks;
}

/**
 * @param {Uint32Array} state eight words, updated in place
 * @param {Uint32Array} w scratch of 64 words
 * @param {Uint8Array} bytes a multiple of 64 bytes
 */
function compress(state, w, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.length; offset += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(offset + 4 * t);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    rounds(state, w);
  }
}

/**
 * @param {Uint32Array} state
 * @param {Uint32Array} w
 */
function rounds(state, w) {
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] += sums[i];
}

/** The first `count` prime numbers. @param {number} count */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The first 32 bits of the fractional part. @param {number} x */
const fraction = (x) => Math.floor((x - Math.floor(x)) * 0x100000000);

const INITIAL = primes(8).map((p) => fraction(Math.sqrt(p)));
const ROUND = Uint32Array.from(primes(64), (p) => fraction(Math.cbrt(p)));
