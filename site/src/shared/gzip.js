/** Reading what a host sent: some decode `.gz` files on their own (Content-Encoding), so the bytes are looked at first. */

/**
 * RFC 1952: the two magic bytes and the one compression method there is.
 * @param {Uint8Array} bytes
 */
export function isGzip(bytes) {
  return bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * The same stream, decoded if its first bytes say that it is gzipped.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function gunzipIfGzipped(stream) {
  const reader = stream.getReader();
  const head = await readHead(reader);
  const whole = replay(head, reader);
  const gunzip = /** @type {TransformStream<Uint8Array, Uint8Array>} */ (/** @type {unknown} */ (new DecompressionStream("gzip")));
  return isGzip(head) ? whole.pipeThrough(gunzip) : whole;
}

/**
 * At least three bytes, or all there are.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
async function readHead(reader) {
  let head = new Uint8Array(0);
  while (head.length < 3) {
    const { value, done } = await reader.read();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  return head;
}

/**
 * @param {Uint8Array} head
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @returns {ReadableStream<Uint8Array>}
 */
function replay(head, reader) {
  return new ReadableStream({
    start: (controller) => controller.enqueue(head),
    pull: async (controller) => {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
