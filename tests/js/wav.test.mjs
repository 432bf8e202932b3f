import assert from "node:assert/strict";
import { test } from "node:test";
import { soundHeader } from "../../site/src/shared/sound-header.js";
import { interleave, isWav, parseWav, toWav } from "../../site/src/shared/wav.js";

const stereo = { rate: 22050, channels: 2, data: Int16Array.of(1, -2, 300, -400, 32767, -32768) };
const letters = (text) => [...text].map((letter) => letter.charCodeAt(0));
const little = (value, bytes) => Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255);

/** A WAV file of any kind. */
function wav({ kind, bits, content, channels = 1, extensible = false }) {
  const format = [...little(extensible ? 0xfffe : kind, 2), ...little(channels, 2), ...little(8000, 4), ...little(0, 4),
    ...little((channels * bits) / 8, 2), ...little(bits, 2), ...(extensible ? [22, 0, ...little(bits, 2), 0, 0, 0, 0, kind, 0, ...Array(14).fill(0)] : [])];
  return new Uint8Array([...letters("RIFF"), 0, 0, 0, 0, ...letters("WAVEfmt "), ...little(format.length, 4), ...format,
    ...letters("LIST"), ...little(3, 4), 1, 2, 3, 0, ...letters("data"), ...little(content.length, 4), ...content]);
}

test("what is written is read again", () => {
  const bytes = toWav(stereo);
  assert.ok(isWav(bytes));
  assert.deepEqual(parseWav(bytes, "a.wav"), stereo);
});

test("other depths become the upper sixteen bits", () => {
  const read = (options) => [...parseWav(wav(options), "a.wav").data];
  assert.deepEqual(read({ kind: 1, bits: 8, content: [0, 128, 255] }), [-32768, 0, 32512]);
  assert.deepEqual(read({ kind: 1, bits: 24, content: [9, 0x34, 0x12, 255, 255, 255] }), [0x1234, -1]);
  assert.deepEqual(read({ kind: 1, bits: 32, content: [9, 9, 0x34, 0x12], extensible: true }), [0x1234]);
  const floats = new Uint8Array(Float32Array.of(0.5, -1, 2, NaN).buffer);
  assert.deepEqual(read({ kind: 3, bits: 32, content: [...floats] }), [16384, -32767, 32767, 0]);
});

test("halves round to even", () => {
  assert.deepEqual([...interleave([Float32Array.of(0.5, -0.5), Float32Array.of(1, -0.25)])], [16384, 32767, -16384, -8192]);
});

test("what cannot be used says why", () => {
  const message = (bytes) => {
    try {
      parseWav(bytes, "a.wav");
    } catch (error) {
      return `${error.message} ${error.hint}`;
    }
    return null;
  };
  assert.equal(message(toWav(stereo).subarray(0, 44)), "a.wav is truncated: it holds no sound. Choose another file.");
  assert.equal(message(toWav(stereo).subarray(0, 20)), "a.wav is truncated: it holds no sound. Choose another file.");
  assert.equal(message(wav({ kind: 7, bits: 8, content: [1] })), "a.wav is a WAV file of kind 7 with 8 bits. Save it as PCM with 16 bits.");
  const long = { rate: 1000, channels: 1, data: new Int16Array(601_000) };
  assert.equal(message(toWav(long)), "a.wav is 601 s long; 10 minutes is the most. Cut a part out of it and choose that.");
});

test("a cut file gives what is left of it", () => {
  assert.deepEqual([...parseWav(toWav(stereo).subarray(0, 44 + 9), "a.wav").data], [1, -2, 300, -400]);
});

test("formats and rates by their first bytes", () => {
  const header = (...parts) => soundHeader(new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? letters(part) : part))));
  assert.deepEqual(header("fLaC", Array(14).fill(0), [0x0a, 0xc4, 0x42]), { format: "FLAC", rate: 44100 });
  assert.deepEqual(header("OggS", Array(24).fill(0), "\x01vorbis", [0, 0, 0, 0, 2], little(32000, 4)), { format: "Ogg", rate: 32000 });
  assert.deepEqual(header("OggS", Array(24).fill(0), "OpusHead"), { format: "Ogg", rate: 48000 });
  assert.deepEqual(header([0xff, 0xfb, 0x90, 0x00]), { format: "MP3", rate: 44100 });
  assert.deepEqual(header("ID3", [4, 0, 0, 0, 0, 0, 2], [0, 0], [0xff, 0xf3, 0x84, 0x00]), { format: "MP3", rate: 24000 });
  assert.deepEqual(header([0, 0, 0, 32], "ftypM4A "), { format: "MP4", rate: null });
  assert.deepEqual(header([0x1a, 0x45, 0xdf, 0xa3]), { format: "WebM", rate: null });
  assert.equal(header("Dear Sir or Madam"), null);
});
