import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockReducer, PlaneReducer, blocks, reduceFactor, reduceRgba, turnUpright, yuvSumsToRgb } from "../../site/src/shared/reduce.js";

/** The picture whose bytes are 0, 37, 74, ... modulo 256, as RGBA. */
function pattern(width, height) {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height * 3; i += 1) rgba[Math.floor(i / 3) * 4 + (i % 3)] = (i * 37) % 256;
  return rgba;
}

// Pillow's answers: Image.fromarray((np.arange(w * h * 3) * 37 % 256).astype(np.uint8).reshape(h, w, 3)).reduce(k)
const PILLOW = [
  [7, 5, 3, "78486d709564a3c8ed645e8386807bbadf84"],
  [5, 4, 2, "4d72976b5075d2771ca3886d81a68b284d72"],
  [6, 7, 5, "787f859284767a6c777a9f44"],
];

for (const [width, height, factor, hex] of PILLOW) {
  test(`${width} x ${height} by ${factor} is Pillow's Image.reduce`, () => {
    const { data } = reduceRgba(pattern(width, height), width, height, factor);
    assert.equal(Buffer.from(data).toString("hex"), hex);
  });
}

test("the factor brings the longer side to the limit or below", () => {
  assert.equal(reduceFactor(1024, 10, 1024), 1);
  assert.equal(reduceFactor(1025, 10, 1024), 2);
  assert.equal(reduceFactor(3024, 4032, 1024), 4);
  assert.equal(reduceFactor(9000, 4032, null), 1);
});

test("rows may come in any slices", () => {
  const rgba = pattern(7, 8);
  const reducer = new BlockReducer({ width: 7, height: 8, factor: 3 });
  for (let row = 0; row < 8; row += 1) reducer.addRows(rgba, 1, { offset: row * 28 });
  assert.deepEqual(reducer.data, reduceRgba(rgba, 7, 8, 3).data);
});

test("alpha is laid over white", () => {
  const { data } = reduceRgba(Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 128, 10, 20, 30, 255), 4, 1, 1);
  assert.deepEqual([...data], [255, 0, 0, 255, 255, 255, 127, 127, 127, 10, 20, 30]);
});

// What `pageside._pictures.from_picture(..., alpha=True)` gives of (np.arange(w * h * 4) * 37 % 256).astype(np.uint8).reshape(h, w, 4).
const WITH_ALPHA = [
  [4, 3, 1, "00254a6faaaaff03294e7397bee1062b50759abfe3092e53789dc2e70c32557b99ccee0f34597fa3c7ec13375c81a6cb"],
  [7, 5, 3, "294f75649575737684a9cef34e747c8270648894a5c3f011"],
  [6, 7, 4, "657190816e7e7a7d7c7893904a6e7c61"],
];

for (const [width, height, factor, hex] of WITH_ALPHA) {
  test(`${width} x ${height} with alpha by ${factor} is as natively`, () => {
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 37) % 256);
    const { data } = reduceRgba(rgba, width, height, factor, true);
    assert.equal(Buffer.from(data).toString("hex"), hex);
  });
}

test("blocks counted from the end leave the partial one at the start", () => {
  assert.deepEqual([...blocks(7, 3, false).size], [3, 3, 1]);
  assert.deepEqual([...blocks(7, 3, true).size], [1, 3, 3]);
});

test("a stored picture reduced and then turned equals the upright one reduced", () => {
  const [width, height, factor] = [7, 5, 3];
  const stored = reduceRgba(pattern(width, height), width, height, 1);
  for (let orientation = 1; orientation <= 8; orientation += 1) {
    const upright = turnUpright(stored, orientation);
    const rgba = new Uint8Array(upright.width * upright.height * 4).fill(255);
    upright.data.forEach((value, i) => (rgba[Math.floor(i / 3) * 4 + (i % 3)] = value));
    const expected = reduceRgba(rgba, upright.width, upright.height, factor);
    const fromRight = [2, 3, 7, 8].includes(orientation);
    const fromBottom = [3, 4, 6, 7].includes(orientation);
    const reducer = new BlockReducer({ width, height, factor, fromRight, fromBottom });
    reducer.addRows(pattern(width, height), height);
    const turned = turnUpright({ width: reducer.width, height: reducer.height, data: reducer.data }, orientation);
    assert.deepEqual(turned, expected, `orientation ${orientation}`);
  }
});

test("EXIF 6 puts the left column, from below, on top", () => {
  const picture = { width: 2, height: 1, data: Uint8Array.of(1, 1, 1, 2, 2, 2) };
  assert.deepEqual(turnUpright(picture, 6), { width: 1, height: 2, data: Uint8Array.of(1, 1, 1, 2, 2, 2) });
  assert.deepEqual(turnUpright(picture, 8), { width: 1, height: 2, data: Uint8Array.of(2, 2, 2, 1, 1, 1) });
});

test("sums of a half-size plane count each sample once for each pixel in the block", () => {
  const [columns, rows] = [blocks(5, 3), blocks(3, 3)];
  const plane = new PlaneReducer({ columns, rows, subX: 2, subY: 2 });
  const samples = Uint8Array.of(1, 10, 100, 2, 20, 200);
  for (let row = 0; row < plane.height; row += 1) plane.addRow(samples, row, row * 3);
  // Pixels of a row: 1 1 10 | 10 100, twice; then 2 2 20 | 20 200.
  assert.deepEqual([...plane.sums], [2 * 12 + 24, 2 * 110 + 220]);
});

test("JPEG's colours: grey stays grey, and Cr alone is red", () => {
  const one = Uint16Array.of(1);
  const rgb = (y, cb, cr) => [...yuvSumsToRgb([y, cb, cr].map((value) => Float64Array.of(value)), one, one)];
  assert.deepEqual(rgb(100, 128, 128), [100, 100, 100]);
  assert.deepEqual(rgb(76, 85, 255), [254, 0, 0]);
});
