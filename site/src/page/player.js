/** Plays a sound: a button, its waveform to seek in, the time. */
import { toWav } from "../shared/wav.js";
import { el } from "./dom.js";

/** @typedef {import("../protocol.d.ts").AudioPayload} AudioPayload */

const SVG = "http://www.w3.org/2000/svg";
/** Bars of a waveform, as `_sounds.py` stores them. */
const BARS = 96;
/** An arrow key's step, as a share of the sound. */
const STEP = 0.05;

/** @param {number} seconds @returns {string} "0:03" */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * @param {number[]} bars 0 to 100 each. @param {number} [top] What fills the height: without it the loudest, within reason.
 * @returns {SVGSVGElement}
 */
export function waveform(bars, top = Math.max(10, ...bars)) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${Math.max(1, bars.length)} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", bars.map((bar, i) => {
    const half = Math.max(1.5, (bar / top) * 50);
    return `M${i + 0.2} ${50 - half}h.6v${2 * half}h-.6z`;
  }).join(""));
  svg.append(path);
  return svg;
}

/** @param {AudioPayload} payload @returns {number[]} For each of equal stretches the loudest sample, 0 to 100. */
export function peaks({ data }) {
  return Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * data.length) / BARS);
    const to = Math.floor(((bar + 1) * data.length) / BARS);
    let loudest = 0;
    for (let i = from; i < to; i++) loudest = Math.max(loudest, Math.abs(data[i]));
    return Math.round((loudest / 32768) * 100);
  });
}

export class Player {
  #address = "";

  /**
   * @param {any} value AudioPayload, or a sound stored in bundle.json: `{file, seconds, peaks}`.
   * @param {string} words @param {{ loop?: boolean }} [options] `loop`: it begins again at its end.
   */
  constructor(value, words, { loop = false } = {}) {
    const stored = value.file?.url;
    this.#address = stored ? "" : URL.createObjectURL(new Blob([toWav(value)], { type: "audio/wav" }));
    this.seconds = stored ? value.seconds : value.data.length / value.channels / value.rate;
    this.audio = new Audio();
    this.audio.preload = stored ? "none" : "auto";
    this.audio.src = stored ?? this.#address;
    this.audio.loop = loop;
    this.button = el("button", { type: "button", className: "audio-play", onclick: () => this.#toggle() });
    const bars = stored ? value.peaks : peaks(value);
    const ends = { "aria-valuemin": "0", "aria-valuemax": this.seconds.toFixed(1) };
    this.wave = el("div", { className: "audio-wave", role: "slider", tabIndex: 0, "aria-label": `Position in ${words}`, ...ends },
      waveform(bars), waveform(bars));
    this.time = el("span", { className: "audio-time" });
    this.element = el("div", { className: "audio-player" }, this.button, this.wave, this.time);
    this.#listen();
    this.#draw();
  }

  #listen() {
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked"]) this.audio.addEventListener(name, () => this.#draw());
    this.audio.addEventListener("play", () => this.#follow());
    this.wave.addEventListener("pointerdown", (event) => {
      const { left, width } = this.wave.getBoundingClientRect();
      this.#seek((event.clientX - left) / width);
    });
    this.wave.addEventListener("keydown", (event) => this.#onKey(event));
    // A click on the player is not one on the empty stage.
    this.element.addEventListener("click", (event) => event.stopPropagation());
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const now = this.audio.currentTime / this.seconds;
    /** @type {Record<string, number>} */
    const goals = { ArrowRight: now + STEP, ArrowUp: now + STEP, ArrowLeft: now - STEP, ArrowDown: now - STEP, Home: 0, End: 1 };
    if (event.key === " ") this.#toggle();
    else if (event.key in goals) this.#seek(goals[event.key]);
    else return;
    event.preventDefault();
  }

  #toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (this.audio.ended) this.audio.currentTime = 0;
    return this.play();
  }

  /** A browser may refuse; the button then still says "Play". */
  play() {
    void this.audio.play().catch(() => this.#draw());
  }

  /** @param {number} share */
  #seek(share) {
    this.audio.currentTime = Math.max(0, Math.min(0.999, share)) * this.seconds;
    this.#draw();
  }

  /** Frame by frame: the browser tells the time four times a second only. */
  #follow() {
    this.#draw();
    if (!this.audio.paused) requestAnimationFrame(() => this.#follow());
  }

  #draw() {
    const { paused, currentTime } = this.audio;
    this.button.setAttribute("aria-label", paused ? "Play" : "Pause");
    this.button.toggleAttribute("data-playing", !paused);
    this.wave.style.setProperty("--share", String(Math.min(1, currentTime / this.seconds)));
    this.wave.setAttribute("aria-valuenow", currentTime.toFixed(1));
    this.wave.setAttribute("aria-valuetext", `${clock(currentTime)} of ${clock(this.seconds)}`);
    const words = paused && currentTime === 0 ? clock(this.seconds) : `${clock(currentTime)} / ${clock(this.seconds)}`;
    if (this.time.textContent !== words) this.time.textContent = words;
  }

  close() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    if (this.#address) URL.revokeObjectURL(this.#address);
  }
}
