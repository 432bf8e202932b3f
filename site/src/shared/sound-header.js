/** What the first bytes of a sound file say: its format, and the sample rate where it is told. */

/** MPEG audio: by version bits (2.5, -, 2, 1), then by rate bits. */
const MPEG_RATES = [[11025, 12000, 8000], [], [22050, 24000, 16000], [44100, 48000, 32000]];
/** As far as a header is looked for. */
const NEAR = 4096;

/**
 * @param {Uint8Array} bytes
 * @returns {{ format: string, rate: number | null } | null} null for what is no sound file that browsers know.
 */
export function soundHeader(bytes) {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, NEAR));
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WAVE") return { format: "WAV", rate: null };
  if (text.startsWith("fLaC")) return { format: "FLAC", rate: bits20(bytes, 18) || null };
  if (text.startsWith("OggS")) return { format: "Ogg", rate: oggRate(bytes, text) };
  if (text.startsWith("FORM")) return { format: "AIFF", rate: null };
  if (text.slice(4, 8) === "ftyp") return { format: "MP4", rate: null };
  if (text.startsWith("\x1aE\xdf\xa3")) return { format: "WebM", rate: null };
  if (text.startsWith("ID3")) return { format: "MP3", rate: mpegRate(bytes, tagBytes(bytes)) };
  if (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0) return { format: "MP3", rate: mpegRate(bytes, 0) };
  return null;
}

/** The twenty bits of FLAC's STREAMINFO. @param {Uint8Array} bytes @param {number} at */
const bits20 = (bytes, at) => (bytes[at] << 12) | (bytes[at + 1] << 4) | (bytes[at + 2] >> 4);

/** @param {Uint8Array} bytes @param {string} text */
function oggRate(bytes, text) {
  const at = text.indexOf("\x01vorbis");
  if (at > 0 && at + 16 <= bytes.length) return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 12, true) || null;
  // Opus always decodes to 48 kHz.
  return text.includes("OpusHead") ? 48_000 : null;
}

/** An ID3 tag's length, seven bits a byte. @param {Uint8Array} bytes */
const tagBytes = (bytes) => 10 + ((bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9]);

/** @param {Uint8Array} bytes @param {number} from */
function mpegRate(bytes, from) {
  for (let at = from; at < Math.min(bytes.length - 3, from + NEAR); at++) {
    if (bytes[at] !== 0xff || (bytes[at + 1] & 0xe0) !== 0xe0) continue;
    const rate = MPEG_RATES[(bytes[at + 1] >> 3) & 3][(bytes[at + 2] >> 2) & 3];
    if (rate) return rate;
  }
  return null;
}
