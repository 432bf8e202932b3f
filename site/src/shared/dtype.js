/** Element types of tensors: numpy's names, JavaScript's arrays. */

/** float16 is its raw bits everywhere in our code: Float16Array does not exist in every browser. */
const ARRAYS = {
  float32: Float32Array, float16: Uint16Array, float64: Float64Array,
  int64: BigInt64Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint64: BigUint64Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array, bool: Uint8Array,
};

/** @typedef {keyof typeof ARRAYS} DType */
/** @typedef {InstanceType<(typeof ARRAYS)[DType]>} TensorData */
/** A tensor in C order. @typedef {{dtype: DType, shape: number[], data: TensorData}} Tensor */

/**
 * Raw little-endian bytes as the array of a dtype, without a copy where the alignment allows.
 * @param {DType} dtype
 * @param {Uint8Array} bytes
 * @returns {TensorData}
 * @throws {RangeError} where the bytes are no whole number of elements
 */
export function fromBytes(dtype, bytes) {
  const ArrayType = ARRAYS[dtype];
  if (bytes.byteLength % ArrayType.BYTES_PER_ELEMENT) throw new RangeError(`${bytes.byteLength} bytes are no whole number of ${dtype}`);
  const aligned = bytes.byteOffset % ArrayType.BYTES_PER_ELEMENT ? bytes.slice() : bytes;
  return new ArrayType(/** @type {ArrayBuffer} */ (aligned.buffer), aligned.byteOffset, aligned.byteLength / ArrayType.BYTES_PER_ELEMENT);
}

/**
 * Any typed array over the same memory as the array of a dtype: Float16Array to its bits, Uint8ClampedArray to Uint8Array.
 * @param {DType} dtype
 * @param {ArrayBufferView} data
 * @returns {TensorData}
 */
export function asDType(dtype, data) {
  if (data instanceof ARRAYS[dtype]) return /** @type {TensorData} */ (data);
  return fromBytes(dtype, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/**
 * @param {DType} dtype
 * @param {TensorData} data
 * @returns {ArrayLike<number>} the values as numbers; 64-bit integers lose what a double can't hold
 */
export function toNumbers(dtype, data) {
  if (dtype === "float16") return Float32Array.from(/** @type {Uint16Array} */ (data), halfToNumber);
  if (dtype === "int64" || dtype === "uint64") return Float64Array.from(/** @type {BigInt64Array} */ (data), Number);
  return /** @type {Float32Array} */ (data);
}

/**
 * IEEE 754 binary16.
 * @param {number} bits
 */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
