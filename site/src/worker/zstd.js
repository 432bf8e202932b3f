/**
 * Zstandard, which no browser's DecompressionStream takes yet: its own decoder in 54 kB of WebAssembly, as fast as their
 * gzip (docs/decisions/0002). Frames are decoded as they come.
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
 * @property {(pointer: number) => void} free
 * @property {(from: number, bytes: number) => bigint} ZSTD_findDecompressedSize negative where the frame does not say
 */

const DECODER = new URL("../../zstd/zstddec.wasm.gz", import.meta.url);
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const IMPORTS = { env: { emscripten_notify_memory_growth: () => undefined } };
/** Bytes of the fields of a frame's header, by the bits that say so. */
const DICTIONARY_BYTES = [0, 1, 2, 4], SIZE_BYTES = [0, 2, 4, 8];
const REPEATED = 1;

/** @type {Promise<WebAssembly.Module> | null} */
let compiled = null;

/** Decodes one file, frame by frame, by a decoder of its own, whose memory goes with it: it never shrinks. */
export class Unpacker {
  /** @param {number} size bytes of the decoded file, at most */
  constructor(size) {
    this.size = size;
    /** @type {Uint8Array | null} */
    this.out = null;
    this.done = 0;
    /** Where the next frame begins. */
    this.from = 0;
    /** @type {Decoder | null} */
    this.decoder = null;
    compiled ??= load();
    this.ready = compiled.then((module) => WebAssembly.instantiate(module, IMPORTS)).then(({ exports }) => {
      this.decoder = /** @type {Decoder} */ (/** @type {unknown} */ (exports));
    });
    this.ready.catch(() => undefined);
  }

  /**
   * Decodes the frames that are whole by now.
   * @param {Uint8Array} packed what came so far
   */
  take(packed) {
    if (!this.decoder) return;
    for (let end = frameEnd(packed, this.from); end; end = frameEnd(packed, this.from)) {
      this.out ??= new Uint8Array(this.size);
      this.done += decode(this.decoder, packed.subarray(this.from, end), this.out.subarray(this.done));
      this.from = end;
    }
  }

  /**
   * @param {Uint8Array} packed all that came
   * @returns {Promise<Uint8Array>} what it holds; itself where a host has decoded it on its own
   * @throws {FaultError} stage `download` without the decoder, `memory` without room; any other error is of the data
   */
  async finish(packed) {
    await this.ready;
    this.take(packed);
    if (!beginsFrame(packed, 0)) return packed;
    if (this.from !== packed.length) throw new Error("the last frame is not whole");
    return /** @type {Uint8Array} */ (this.out).subarray(0, this.done);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @returns {number} where the frame that begins at `from` ends; 0 for one that is not whole, and where none begins
 */
export function frameEnd(bytes, from) {
  if (!beginsFrame(bytes, from)) return 0;
  const says = bytes[from + 4], hasNoWindow = says >> 5 & 1;
  let at = from + 5 + (1 - hasNoWindow) + DICTIONARY_BYTES[says & 3] + (SIZE_BYTES[says >> 6] || hasNoWindow);
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return 0;
    const header = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
    isLast = Boolean(header & 1);
    at += 3 + ((header >> 1 & 3) === REPEATED ? 1 : header >> 3);
  }
  at += 4 * (says >> 2 & 1);
  return at <= bytes.length ? at : 0;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function beginsFrame(bytes, at) {
  return MAGIC.every((byte, i) => bytes[at + i] === byte);
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
 * @param {Decoder} decoder
 * @param {Uint8Array} frame
 * @param {Uint8Array} out what is left of it
 * @returns {number} bytes that the frame held
 */
function decode(decoder, frame, out) {
  const { memory, malloc, free, ZSTD_decompress: decompress, ZSTD_isError: isError, ZSTD_findDecompressedSize: sizeOf } = decoder;
  const from = malloc(frame.length);
  if (!from) throw noRoom(frame.length);
  new Uint8Array(memory.buffer).set(frame, from);
  const size = Number(sizeOf(from, frame.length));
  if (size < 0 || size > out.length) throw new Error("no Zstandard data, or more than there should be");
  const to = malloc(size || 1);
  if (!to) throw noRoom(size);
  const answer = decompress(to, size, from, frame.length);
  if (isError(answer) || answer !== size) throw new Error("no Zstandard data");
  out.set(new Uint8Array(memory.buffer, to, size));
  free(to);
  free(from);
  return size;
}

/** @param {number} bytes */
function noRoom(bytes) {
  return new FaultError("memory", `there is no room to decode ${bytes} bytes`);
}
