/** Sounds from files and from the microphone, as the samples that the maker's function gets. */
import { FaultError } from "../shared/fault.js";
import { soundHeader } from "../shared/sound-header.js";
import { checkLength, interleave, parseWav } from "../shared/wav.js";
import { closeStream, openMicrophone } from "./capture.js";

/** @typedef {import("../protocol.d.ts").AudioPayload} AudioPayload */

/** Where a file's header does not tell its rate. */
const COMMON_RATE = 48_000;

/**
 * @param {Blob} blob @param {string} [name] For messages.
 * @returns {Promise<AudioPayload>} A WAV file's own samples; another file's at its own rate where it tells it.
 * @throws {FaultError} The file cannot be used; the message says why.
 */
export async function decodeSound(blob, name = /** @type {File} */ (blob).name || "The sound") {
  const bytes = new Uint8Array(await blob.arrayBuffer().catch((error) => {
    throw new FaultError("input", `${name} cannot be read: ${error.message}.`, { hint: "Choose it again." });
  }));
  if (bytes.length === 0) throw new FaultError("input", `${name} is empty.`, { hint: "Choose another file." });
  const header = soundHeader(bytes);
  if (!header) {
    throw new FaultError("input", `${name} is no sound.`, { hint: "Choose a WAV, MP3, M4A, Ogg or FLAC file." });
  }
  if (header.format === "WAV") return parseWav(bytes, name);
  const context = new OfflineAudioContext(1, 1, header.rate ?? COMMON_RATE);
  const buffer = await context.decodeAudioData(bytes.buffer).catch(() => {
    throw new FaultError("input", `${name} cannot be decoded: its ${header.format} data is damaged, or of a kind that this browser lacks.`,
      { hint: "Save it as WAV and choose that file." });
  });
  checkLength(buffer.duration, name);
  return fromBuffer(buffer);
}

/** @param {AudioBuffer} buffer @returns {AudioPayload} */
export function fromBuffer(buffer) {
  const planes = Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
  return { rate: buffer.sampleRate, channels: planes.length, data: interleave(planes) };
}

/** A recording on its way. */
export class Recording {
  /** @type {Float32Array[]} */
  #blocks = [];
  /** Samples so far. */
  #length = 0;

  /** @param {MediaStream} stream @param {AudioContext} context @param {AudioWorkletNode} node */
  constructor(stream, context, node) {
    this.stream = stream;
    this.context = context;
    this.node = node;
    /** Called with each new block of samples. @type {(block: Float32Array) => void} */
    this.onBlock = () => {};
    /** Called when the device is gone: unplugged, or its leave taken back. @type {() => void} */
    this.onEnd = () => {};
    node.port.onmessage = ({ data }) => data && this.#take(data);
    stream.getTracks()[0]?.addEventListener("ended", () => this.onEnd());
  }

  /** @returns {Promise<Recording>} @throws {FaultError} */
  static async start() {
    const stream = await openMicrophone();
    const context = new AudioContext();
    try {
      await context.audioWorklet.addModule(new URL("./recorder-worklet.js", import.meta.url).href);
      const node = new AudioWorkletNode(context, "pageside-recorder", { numberOfOutputs: 0 });
      context.createMediaStreamSource(stream).connect(node);
      await context.resume();
      return new Recording(stream, context, node);
    } catch (error) {
      closeStream(stream);
      void context.close();
      throw new FaultError("input", `The microphone did not start: ${/** @type {Error} */ (error).message}.`,
        { hint: "Try again, or choose a file." });
    }
  }

  /** @param {Float32Array} block */
  #take(block) {
    this.#blocks.push(block);
    this.#length += block.length;
    this.onBlock(block);
  }

  get seconds() {
    return this.#length / this.context.sampleRate;
  }

  /** What was heard since the last call of this. @returns {AudioPayload | null} null where that is nothing. */
  take() {
    if (this.#length === 0) return null;
    const whole = new Float32Array(this.#length);
    let at = 0;
    for (const block of this.#blocks) {
      whole.set(block, at);
      at += block.length;
    }
    this.#blocks = [];
    this.#length = 0;
    return { rate: this.context.sampleRate, channels: 1, data: interleave([whole]) };
  }

  /** Lets go of the microphone, after its last samples have come. */
  async stop() {
    await new Promise((resolve) => {
      this.node.port.onmessage = ({ data }) => (data ? this.#take(data) : resolve(null));
      this.node.port.postMessage(null);
      setTimeout(resolve, 500);
    });
    closeStream(this.stream);
    await this.context.close().catch(() => undefined);
  }
}
