/** The interface as the maker described it: inputs and buttons on one side, outputs on the other, examples below. */
import { createField } from "./components.js";
import { el } from "./dom.js";
import { examplesView } from "./examples.js";
import { Notices } from "./notices.js";

/** @typedef {import("./components.js").ComponentModule} ComponentModule */
/** @typedef {import("../protocol.d.ts").InterfaceConfig} InterfaceConfig */
/** @typedef {import("../protocol.d.ts").Level} Level */

/**
 * @typedef {object} Actions
 * @property {() => void} submit @property {() => void} stop @property {() => void} clear
 * @property {(field: import("./field.js").Field) => void} edited The visitor changed an input.
 * @property {() => void} begin A stream begins: what was before is over.
 * @property {() => void} given A value came in one act: a file, a photo.
 * @property {(index: number) => void} choose
 */

/** Milliseconds. A stream's pieces are answered sooner, and a button that flickers with them cannot be pressed. */
const STOP_AFTER = 500;

export class InterfaceView {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #stopTimer;

  /**
   * @param {InterfaceConfig} config
   * @param {{ inputs: ComponentModule[], outputs: ComponentModule[] }} modules
   * @param {{ examples: import("../protocol.d.ts").Example[], badge: HTMLElement, actions: Actions }} options
   */
  constructor(config, modules, { examples, badge, actions }) {
    this.config = config;
    this.modules = modules;
    this.inputs = modules.inputs.map((module, i) => createField(module, config.inputs[i], "input"));
    this.outputs = modules.outputs.map((module, i) => createField(module, config.outputs[i], "output"));
    this.submitButton = button(config.submit_label, "primary", actions.submit);
    this.submitButton.id = "submit";
    // A live interface answers by itself.
    this.submitButton.hidden = config.live;
    this.streams = config.inputs.some(({ props }) => props.streaming);
    this.stopButton = button(config.stop_label, "", actions.stop);
    this.stopButton.hidden = true;
    this.work = el("p", { className: "work", role: "status" });
    this.origin = el("p", { className: "origin" });
    this.faults = el("div", { className: "faults" });
    this.notices = new Notices();
    this.progress = el("div", { className: "call-progress", role: "progressbar", "aria-label": "Progress", hidden: true });
    this.examples = examplesView({ examples, configs: config.inputs, modules: modules.inputs, choose: actions.choose });
    this.element = el("div", { className: "interface" }, this.#inputSide(actions), this.#outputSide(badge), this.examples.element);
    this.element.toggleAttribute("data-live", config.live);
    this.#listen(actions);
  }

  /** @param {Actions} actions */
  #inputSide(actions) {
    const clear = this.config.clear_label ? [button(this.config.clear_label, "", actions.clear)] : [];
    const buttons = el("div", { className: "actions" }, ...clear, this.stopButton, this.submitButton);
    return el("section", { className: "card input-side", "aria-label": "Input" }, ...this.#foldedInputs(), buttons, this.work);
  }

  /** Additional inputs stand in a part that opens. @returns {HTMLElement[]} */
  #foldedInputs() {
    const { additional } = this.config;
    if (!additional) return this.inputs;
    const at = this.inputs.length - additional.count;
    const words = el("summary", { textContent: additional.label });
    const part = el("details", { className: "additional", open: additional.open }, words, ...this.inputs.slice(at));
    return [...this.inputs.slice(0, at), part];
  }

  /** @param {HTMLElement} badge */
  #outputSide(badge) {
    return el("section", { className: "card output-side", "aria-label": "Output" },
      this.faults, this.notices.element, this.progress, ...this.outputs, this.origin, badge);
  }

  /** @param {Actions} actions */
  #listen(actions) {
    for (const field of this.inputs) {
      field.addEventListener("input", () => actions.edited(field));
      field.addEventListener("change", (event) => event.target === field && actions.given());
      field.addEventListener("ask", actions.submit);
      field.addEventListener("begin", actions.begin);
    }
  }

  /** @param {any[]} values */
  setInputs(values) {
    this.inputs.forEach((field, i) => (field.value = values[i] ?? null));
  }

  /** @param {any[]} values Public or stored. */
  setOutputs(values) {
    this.outputs.forEach((field, i) => (field.value = values[i] ?? null));
    this.setStale(false);
  }

  /** @param {boolean} flowing Live answers follow each other: the one in view is about as new as can be. */
  setFlowing(flowing) {
    this.element.toggleAttribute("data-flowing", flowing);
  }

  /** @param {boolean} stale The inputs are no longer those of the answer in view. */
  setStale(stale) {
    this.element.toggleAttribute("data-stale", stale);
  }

  /** @param {boolean} busy @param {string} words What the visitor waits for. */
  setBusy(busy, words) {
    for (const field of this.outputs) field.setBusy(busy);
    this.work.textContent = words;
    if (busy && this.config.generator) {
      this.#stopTimer ??= setTimeout(() => (this.stopButton.hidden = false), STOP_AFTER);
    } else {
      clearTimeout(this.#stopTimer);
      this.#stopTimer = undefined;
      this.stopButton.hidden = true;
    }
  }

  /**
   * How far the call is: the bar is the innermost level's. It stands beside the outputs, not in them, since of what is busy
   * a screen reader tells nothing; and it is no live region, so that nobody hears twenty numbers a second.
   * @param {Level[]} levels None takes it away.
   */
  setProgress(levels) {
    const { progress } = this, last = levels.at(-1);
    progress.hidden = !last;
    if (!last) return;
    const { share } = last, count = levelCount(last);
    const words = levels.map((level) => [level.desc, levelCount(level)].filter(Boolean).join(" ")).join(" / ");
    // What is too long loses its middle: how far it is stays in view.
    const before = el("span", { textContent: words.slice(0, words.length - count.length) });
    progress.replaceChildren(el("p", {}, before, el("span", { textContent: count })));
    progress.setAttribute("aria-valuetext", words);
    progress.style.setProperty("--share", String(share));
    if (share === null) progress.removeAttribute("aria-valuenow");
    else progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }

  /** @param {string} words Where the answer in view comes from. */
  setOrigin(words) {
    this.origin.textContent = words;
  }

  /** @param {HTMLElement | null} fault */
  setFault(fault) {
    this.faults.replaceChildren(...(fault ? [fault] : []));
  }

  /** @returns {string} The answer in words. */
  describe() {
    const seen = this.outputs.filter((field) => !field.hidden);
    return seen.map((field) => `${field.config.label || "Output"}: ${field.describe()}`).join(". ");
  }
}

/** @param {Level} level */
function levelCount({ done, total, unit, share }) {
  if (done !== null) return `${done}${total === null ? "" : `/${total}`} ${unit}`;
  return share === null ? "" : `${Math.round(share * 100)}%`;
}

/** @param {string} words @param {string} kind @param {() => void} act */
function button(words, kind, act) {
  const element = el("button", { type: "button", className: `button ${kind}`, textContent: words });
  element.addEventListener("click", act);
  return element;
}
