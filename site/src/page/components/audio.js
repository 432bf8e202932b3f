/**
 * A sound, in or out. Payload: `{rate, channels, data}`, int16. Public values that it takes: File, Blob, URL, AudioBuffer,
 * a payload, or a file stored in bundle.json; that it gives: a payload.
 */
import { FaultError } from "../../shared/fault.js";
import { LONGEST_S, toWav } from "../../shared/wav.js";
import { answerTools, asFile, storedFile } from "../answer-tools.js";
import { el, tool } from "../dom.js";
import { Field, define } from "../field.js";
import { addressOf, fetchFile } from "../given-file.js";
import { Player, clock, waveform } from "../player.js";
import { Recording, decodeSound, fromBuffer } from "../sound.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../protocol.d.ts").AudioPayload} AudioPayload */

const KINDS = "audio/*,.wav,.mp3,.m4a,.ogg,.opus,.flac";
/** Of the last blocks the loudness, as bars while it records. */
const METER_BARS = 64;

export default class AudioField extends Field {
  static stylesheet = true;
  /** @type {any} */
  #value = null;
  /** Counts what was given, so that a slow file does not overwrite a later one. */
  #turn = 0;
  /** @type {Recording | null} */
  #recording = null;
  /** What streams, also when its recording has ended and its last samples wait to be taken. @type {Recording | null} */
  #stream = null;
  /** @type {Player | null} */
  #player = null;

  /** @param {HTMLElement} body */
  build(body) {
    this.stage = el("div", { className: "audio-stage" });
    body.append(this.stage);
    if (this.mode === "input") this.#buildInput(body, this.stage);
    else body.append(answerTools(this, { file: () => this.#file(), usual: ["download", "share"] }));
  }

  /** @param {HTMLElement} body @param {HTMLElement} stage */
  #buildInput(body, stage) {
    const sources = this.#sources;
    const picker = el("input", { type: "file", accept: KINDS, className: "visually-hidden", tabIndex: -1 });
    this.asControl(picker);
    picker.addEventListener("change", (event) => {
      event.stopPropagation();
      if (picker.files?.length) this.takeFiles([...picker.files]);
      // Emptied, so that choosing the same file again is a change again.
      picker.value = "";
    });
    picker.addEventListener("input", (event) => event.stopPropagation());
    this.tools = el("div", { className: "audio-tools" });
    this.chooseButton = tool("Choose a sound", () => picker.click());
    this.recordButton = tool("Record", () => this.#record());
    this.removeButton = tool("Remove", () => this.#remove());
    this.chooseButton.hidden = !sources.includes("upload");
    this.recordButton.hidden = !sources.includes("microphone");
    stage.addEventListener("click", () => this.#value === null && !this.#recording && sources.includes("upload") && picker.click());
    body.append(picker, this.tools);
    this.#showTools();
  }

  /** @returns {string[]} */
  get #sources() {
    return this.config.props.sources ?? ["upload", "microphone"];
  }

  #showTools() {
    if (!this.tools || !this.chooseButton || !this.recordButton || !this.removeButton) return;
    this.removeButton.hidden = this.#value === null;
    this.tools.replaceChildren(this.chooseButton, this.recordButton, this.removeButton);
  }

  get value() {
    return this.#value;
  }

  /** @param {any} value */
  set value(value) {
    this.#turn += 1;
    this.#stopRecording();
    this.#stream = null;
    this.setProblem("");
    if (value instanceof Blob) this.settled = this.#decode(value);
    else this.#show(value);
  }

  takeValue() {
    return this.#stream ? this.#stream.take() : this.#value;
  }

  isDry() {
    return this.#stream !== null && this.#stream.seconds === 0;
  }

  problem() {
    if (this.mode !== "input" || this.#value !== null || this.#stream) return null;
    if (this.#recording) return "Stop the recording first.";
    return this.missing("Choose or record a sound first.");
  }

  describe() {
    return this.#value === null ? "no sound" : `a sound of ${seconds(this.#value).toFixed(1)} seconds`;
  }

  /** @param {File[]} files */
  takeFiles(files) {
    const [file] = files;
    if (!file || this.mode !== "input" || !this.#sources.includes("upload")) return false;
    this.#turn += 1;
    this.settled = this.#decode(file).then((used) => {
      if (used) this.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return true;
  }

  /** @param {Blob} file @returns {Promise<any>} true when it took the place of what was there. */
  async #decode(file) {
    const turn = this.#turn;
    this.setProblem("");
    this.setBusy(true);
    try {
      const payload = checked(await decodeSound(file), this.config);
      if (turn !== this.#turn) return false;
      this.#stopRecording();
      this.#stream = null;
      this.#show(payload);
      return true;
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      if (turn === this.#turn) this.setProblem(fault.message, fault.hint);
      return false;
    } finally {
      if (turn === this.#turn) this.setBusy(false);
    }
  }

  /** @param {any} value */
  #show(value) {
    this.#player?.close();
    this.#player = null;
    this.#value = value ?? null;
    this.toggleAttribute("data-empty", this.#value === null);
    if (this.#value !== null) this.#player = this.#newPlayer();
    this.stage?.replaceChildren(this.#player?.element ?? this.#emptyWords());
    this.#showTools();
  }

  #newPlayer() {
    const { loop, autoplay } = this.config.props;
    const player = new Player(this.#value, this.config.label || "Sound", { loop });
    // A stored answer is an example's, which the visitor has not asked to hear.
    if (autoplay && this.mode === "output" && isSamples(this.#value)) player.play();
    return player;
  }

  /** @returns {Promise<File>} The answer, as a WAV file. */
  async #file() {
    const address = addressOf(this.#value);
    if (address) return storedFile(this, address, "sound");
    return asFile(this, new Blob([toWav(this.#value)], { type: "audio/wav" }), "wav");
  }

  #emptyWords() {
    if (this.mode === "output") return el("p", { className: "audio-empty", textContent: "No sound yet" });
    if (!this.#sources.includes("upload")) return el("p", { className: "audio-empty", textContent: "Record with the microphone" });
    const words = this.#sources.length > 1 ? "or choose a file, or record" : "or choose a file";
    const strong = el("strong", { textContent: "Drop a sound anywhere on this page" });
    return el("p", { className: "audio-empty" }, strong, el("br"), words);
  }

  #remove() {
    this.value = null;
    this.chooseButton?.focus();
    this.changed();
  }

  // ------------------------------------------------------------------------------------------- the microphone

  async #record() {
    const turn = ++this.#turn;
    this.setProblem("");
    try {
      const recording = await Recording.start();
      if (turn !== this.#turn || !this.isConnected) return await recording.stop();
      this.#recording = recording;
      if (this.config.props.streaming) this.#startStream(recording);
      return this.#showRecording(recording);
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      return this.setProblem(fault.message, fault.hint ?? "Try again, or choose a file.");
    }
  }

  /** @param {Recording} recording */
  #showRecording(recording) {
    const bars = Array(METER_BARS).fill(0);
    const time = el("span", { className: "audio-time", textContent: clock(0), role: "timer", "aria-label": "Recorded" });
    const meter = el("div", { className: "audio-wave" });
    const most = Math.min(this.config.props.max_length ?? LONGEST_S, LONGEST_S);
    const { streaming, stream_every: every } = this.config.props;
    let heard = 0;
    let sent = 0;
    recording.onBlock = (block) => {
      heard += block.length / recording.context.sampleRate;
      bars.push(block.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0) * 100);
      bars.shift();
      meter.replaceChildren(waveform(bars, 100));
      time.textContent = clock(heard);
      if (streaming && heard - sent >= every) {
        sent = heard;
        this.changed();
      }
      if (heard >= most) void this.#finish();
    };
    recording.onEnd = () => void this.#finish();
    const stop = tool("Stop", () => this.#finish());
    stop.classList.add("primary");
    const dot = el("span", { className: "audio-dot", "aria-hidden": "true" });
    this.stage?.replaceChildren(el("div", { className: "audio-player", "data-recording": "" }, dot, meter, time));
    this.tools?.replaceChildren(stop, tool("Cancel", () => this.#cancel()));
    this.toggleAttribute("data-empty", false);
    stop.focus();
  }

  /** What was there before it would be another's answer. @param {Recording} recording */
  #startStream(recording) {
    this.#value = null;
    this.#stream = recording;
    this.dispatchEvent(new CustomEvent("begin", { bubbles: true }));
  }

  async #finish() {
    const recording = this.#recording;
    if (!recording) return;
    recording.onBlock = () => {};
    await recording.stop();
    if (recording !== this.#recording) return;
    this.#recording = null;
    if (this.#stream) {
      this.#show(null);
      this.changed();
    } else this.#keep(recording.take());
    this.recordButton?.focus();
  }

  /** @param {AudioPayload | null} payload What was recorded. */
  #keep(payload) {
    this.#show(payload ?? this.#value);
    try {
      if (!payload) throw new FaultError("input", "The microphone gave no sound.", { hint: "Try again, or choose a file." });
      checked(payload, this.config);
      this.dispatchEvent(new Event("change", { bubbles: true }));
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      this.setProblem(fault.message, fault.hint);
    }
  }

  #cancel() {
    this.#turn += 1;
    this.#stopRecording();
    this.#show(this.#value);
    this.recordButton?.focus();
  }

  #stopRecording() {
    const recording = this.#recording;
    this.#recording = null;
    if (!recording) return;
    recording.onBlock = () => {};
    void recording.stop();
  }

  disconnectedCallback() {
    this.#stopRecording();
    this.#player?.close();
  }
}

define("ps-audio", AudioField);

/** @param {any} value @returns {value is AudioPayload} */
const isSamples = (value) => ArrayBuffer.isView(value?.data) && value.rate > 0;

/** @param {any} value A payload, or a sound stored in bundle.json. */
const seconds = (value) => (isSamples(value) ? value.data.length / value.channels / value.rate : value.seconds);

/** @param {AudioPayload} payload @param {ComponentConfig} config @returns {AudioPayload} @throws {FaultError} */
function checked(payload, { props }) {
  const length = seconds(payload);
  if (props.streaming) return payload;
  const { min_length: least, max_length: most } = props;
  const words = `The sound is ${length.toFixed(1)} s long;`;
  if (least && length < least) throw new FaultError("input", `${words} at least ${least} s are needed.`, { hint: "Give a longer one." });
  if (most && length > most) throw new FaultError("input", `${words} ${most} s is the most.`, { hint: "Cut a part out of it." });
  return payload;
}

/**
 * @param {any} value @param {ComponentConfig} config @returns {Promise<AudioPayload | null>}
 * @throws {FaultError} Not a sound, or one that cannot be used.
 */
export async function toPayload(value, config) {
  if (value === null || value === undefined) return null;
  return checked(await samplesOf(value, config.label || "Audio"), config);
}

/** @param {any} value @param {string} label @returns {Promise<AudioPayload>} */
async function samplesOf(value, label) {
  if (value instanceof Blob) return decodeSound(value);
  if (value instanceof AudioBuffer) return fromBuffer(value);
  if (isSamples(value)) return { rate: value.rate, channels: value.channels ?? 1, data: value.data };
  const address = addressOf(value);
  if (typeof address !== "string") {
    throw new FaultError("input", `${label}: ${Object.prototype.toString.call(value)} is not a sound.`,
      { hint: "Give a File, a Blob, a URL, an AudioBuffer, or {rate, channels, data}." });
  }
  const { blob, name } = await fetchFile(address, "sound");
  return decodeSound(blob, name);
}

/** @param {AudioPayload | null} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {any} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  if (value === null || value === undefined) return el("span", { className: "example-text", textContent: "(no sound)" });
  return el("span", { className: "audio-preview" }, waveform(value.peaks ?? []), el("span", { textContent: clock(seconds(value)) }));
}
