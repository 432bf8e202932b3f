/** Runs on the browser's audio thread: hands on what the microphone hears, as one channel, about twenty times a second. */

/** What only an audio worklet has, and the library of types does not know. */
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 20));
    this.filled = 0;
    // What is left over at the end.
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
    };
  }

  /** @param {Float32Array[][]} inputs @returns {boolean} Goes on. */
  process([channels]) {
    const [first] = channels;
    for (let i = 0; i < (first?.length ?? 0); i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) this.send();
    }
    return true;
  }

  send() {
    const block = this.block.slice(0, this.filled);
    this.filled = 0;
    this.port.postMessage(block, [block.buffer]);
  }
}

registerProcessor("pageside-recorder", Recorder);
