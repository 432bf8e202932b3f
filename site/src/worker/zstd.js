/**
 * Zstandard, which no browser's DecompressionStream takes yet: its own decoder in 54 kB of WebAssembly, as fast as their
 * gzip (docs/decisions/0002).
 */

import { FaultError } from "../shared/fault.js";
import { gunzipIfGzipped } from "../shared/gzip.js";
import { BACK_OFF_MS, STALL_MS, Wire } from "./wire.js";

/**
 * What the decoder offers; pointers and sizes are bytes in its memory.
 * @typedef {object} Decoder
 * @property {WebAssembly.Memory} memory
 * @property {(bytes: number) => number} malloc 0 where there is no room
 * @property {(to: number, room: number, from: number, bytes: number) => number} ZSTD_decompress
 * @property {(answer: number) => number} ZSTD_isError
 */

const DECODER = new URL("../../zstd/zstddec.wasm.gz", import.meta.url);
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const IMPORTS = { env: { emscripten_notify_memory_growth: () => undefined } };

/** @type {Promise<WebAssembly.Module> | null} */
let compiled = null;

/**
 * What a host sent, decoded if its first bytes say that it is packed; a host may have decoded it on its own.
 * @param {Promise<Uint8Array>} sent
 * @param {number} size of what is decoded, at most
 * @returns {Promise<Uint8Array>}
 * @throws {FaultError} stage `download` without the decoder, `memory` without room; any other error is of the data
 */
export async function unzstdIfPacked(sent, size) {
  compiled ??= load();
  const [module, packed] = await Promise.all([compiled, sent]);
  if (!MAGIC.every((byte, i) => packed[i] === byte)) return packed;
  const { exports } = await WebAssembly.instantiate(module, IMPORTS);
  return decode(/** @type {Decoder} */ (/** @type {unknown} */ (exports)), packed, size);
}

/** @returns {Promise<WebAssembly.Module>} */
async function load() {
  const wire = new Wire(DECODER, { cache: "default", backOff: BACK_OFF_MS, stall: STALL_MS, count: () => undefined });
  try {
    return await WebAssembly.compile(await new Response(await gunzipIfGzipped(wire.stream())).arrayBuffer());
  } catch (error) {
    compiled = null;
    throw new FaultError("download", `${DECODER.pathname}: ${/** @type {Error} */ (wire.failure ?? error).message}`);
  }
}

/**
 * By a decoder of its own, whose memory goes when the file is decoded: it never shrinks.
 * @param {Decoder} decoder
 * @param {Uint8Array} packed
 * @param {number} size
 */
function decode({ memory, malloc, ZSTD_decompress: decompress, ZSTD_isError: isError }, packed, size) {
  const from = malloc(packed.length), to = malloc(size);
  if (!from || !to) throw new FaultError("memory", `there is no room to decode ${size} bytes`);
  new Uint8Array(memory.buffer).set(packed, from);
  const answer = decompress(to, size, from, packed.length);
  if (isError(answer)) throw new Error("no Zstandard data, or more than there should be");
  return new Uint8Array(memory.buffer).slice(to, to + answer);
}
