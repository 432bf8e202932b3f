import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImageFile, checkSize, readImageHeader } from "../../site/src/shared/image-header.js";

const ascii = (text) => [...text].map((sign) => sign.charCodeAt(0));
const be16 = (n) => [n >> 8, n & 255];
const be32 = (n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const le16 = (n) => [n & 255, n >> 8];
const le32 = (n) => be32(n).reverse();
const bytes = (...parts) => Uint8Array.from(parts.flat());

const segment = (marker, body) => [0xff, marker, ...be16(body.length + 2), ...body];
const sof = (width, height, marker = 0xc0) => segment(marker, [8, ...be16(height), ...be16(width), 1, 1, 0x11, 0]);
const scan = [...segment(0xda, [1, 1, 0, 0, 63, 0]), 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];
const exif = (orientation, little) => {
  const [u16, u32, order] = little ? [le16, le32, "II"] : [be16, be32, "MM"];
  const tiff = [...ascii(order), ...u16(42), ...u32(8), ...u16(1), ...u16(0x112), ...u16(3), ...u32(1), ...u16(orientation), 0, 0];
  return segment(0xe1, [...ascii("Exif\0\0"), ...tiff]);
};
const EOI = [0xff, 0xd9];
const jpeg = (...parts) => bytes([0xff, 0xd8], ...parts);

const chunk = (type, body) => [...be32(body.length), ...ascii(type), ...body, 0, 0, 0, 0];
const PNG = [0x89, ...ascii("PNG\r\n\x1a\n")];
const ihdr = (width, height) => chunk("IHDR", [...be32(width), ...be32(height), 8, 2, 0, 0, 0]);
const png = (width, height) => bytes(PNG, ihdr(width, height), chunk("IDAT", [1, 2, 3]), chunk("IEND", []));
const riff = (kind, body) => bytes(ascii("RIFF"), le32(body.length + 12), ascii("WEBP"), ascii(kind), le32(body.length), body);
const gif = bytes(ascii("GIF89a"), le16(30), le16(20), [0x80, 0, 0], new Array(6).fill(0), [0x21, 0xf9, 4, 0, 0, 0, 0, 0],
  [0x2c, 0, 0, 0, 0, 30, 0, 20, 0, 0], [2, 3, 1, 2, 3, 0]);
const bmp = bytes(ascii("BM"), le32(60), [0, 0, 0, 0], le32(54), le32(40), le32(300), le32(-200), new Array(34).fill(0));
const box = (type, body) => [...be32(body.length + 8), ...ascii(type), ...body];
const heif = (brand, ...more) => bytes(box("ftyp", [...ascii(brand), 0, 0, 0, 0, ...more.flatMap(ascii)]),
  box("meta", box("ispe", [0, 0, 0, 0, ...be32(4000), ...be32(3000)])), box("mdat", [1, 2, 3]));

const whole = [
  ["baseline JPEG", jpeg(sof(640, 480), scan, EOI), ["JPEG", 640, 480, 1]],
  ["progressive JPEG", jpeg(sof(64, 48, 0xc2), scan, segment(0xc4, [0xff, 0xd9]), scan, EOI), ["JPEG", 64, 48, 1]],
  ["JPEG with EXIF, big-endian", jpeg(exif(6, false), sof(640, 480), scan, EOI), ["JPEG", 640, 480, 6]],
  ["JPEG with EXIF, little-endian", jpeg(exif(8, true), sof(640, 480), scan, EOI), ["JPEG", 640, 480, 8]],
  ["JPEG with an orientation that does not exist", jpeg(exif(9, true), sof(640, 480), scan, EOI), ["JPEG", 640, 480, 1]],
  ["JPEG with a film after its end", jpeg(sof(640, 480), scan, EOI, ascii("ftypmp42 and so on")), ["JPEG", 640, 480, 1]],
  ["PNG", png(800, 600), ["PNG", 800, 600, 1]],
  ["lossy WebP", riff("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, ...le16(500), ...le16(400)]), ["WebP", 500, 400, 1]],
  ["lossless WebP", riff("VP8L", [0x2f, ...le32(499 | (399 << 14)), 0]), ["WebP", 500, 400, 1]],
  ["extended WebP", riff("VP8X", [0, 0, 0, 0, 0xf3, 1, 0, 0x8f, 1, 0]), ["WebP", 500, 400, 1]],
  ["GIF", gif, ["GIF", 30, 20, 1]],
  ["BMP from the top down", bmp, ["BMP", 300, 200, 1]],
  ["AVIF", heif("avif", "mif1"), ["AVIF", 4000, 3000, 1]],
  ["AVIF under a general brand", heif("mif1", "avif"), ["AVIF", 4000, 3000, 1]],
  ["HEIC", heif("heic", "mif1"), ["HEIC", 4000, 3000, 1]],
];

for (const [name, file, [format, width, height, orientation]] of whole) {
  test(`reads ${name}`, () => {
    assert.deepEqual(readImageHeader(file), { format, width, height, orientation, complete: true });
  });

  test(`notices that ${name} is cut off`, () => {
    const end = name.includes("film") ? file.length - 24 : file.length - 1;
    assert.equal(readImageHeader(file.slice(0, end)).complete, false);
  });
}

test("a picture at an offset of its buffer is read from there", () => {
  const padded = new Uint8Array(png(8, 6).length + 5);
  padded.set(png(8, 6), 5);
  assert.equal(readImageHeader(padded.subarray(5)).width, 8);
});

const refused = [
  ["empty.jpg", bytes(), "empty.jpg is empty: it has 0 bytes."],
  ["notes.jpg", bytes(ascii("Dear diary, today")),
    'notes.jpg is not a picture that can be read here: it is text, and begins with "Dear diary, today".'],
  ["paper.jpg", bytes(ascii("%PDF-1.7")), "paper.jpg is not a picture that can be read here: it is a PDF document."],
  ["scan.jpg", bytes(ascii("II*\0"), 8), "scan.jpg is not a picture that can be read here: it is a TIFF picture."],
  ["logo.png", bytes(ascii('<?xml?><svg xmlns="">')), "logo.png is not a picture that can be read here: it is an SVG drawing."],
  ["x.png", bytes([0, 1, 2, 3, 4]),
    "x.png is not a picture that can be read here: it is of an unknown kind, and begins with 00 01 02 03."],
  ["big.png", png(10000, 5000), "big.png has 50.0 megapixels (10000 x 5000); the limit is 40 megapixels."],
  ["cut.png", png(80, 60).slice(0, -3), "cut.png is cut off: the PNG file ends early, after 57 bytes."],
  ["cut.jpg", jpeg(sof(640, 480), scan), "cut.jpg is cut off: the JPEG file ends early, after 32 bytes."],
];

for (const [name, file, message] of refused) {
  test(`refuses ${name}`, () => {
    assert.throws(() => checkImageFile(file, name), (error) => {
      assert.equal(error.message, message);
      assert.equal(error.stage, "input");
      assert.ok(error.hint.length > 10);
      return true;
    });
  });
}

test("40 megapixels are allowed, one row more is not", () => {
  checkSize(8000, 5000, "x");
  assert.throws(() => checkSize(8000, 5001, "x"), /40\.0 megapixels \(8000 x 5001\)/);
});
