/** The maker's demo.py on the page: to read, copy, edit and run again. */
import { copyButton, el } from "./dom.js";
import { faultView } from "./fault-view.js";

const INDENT = "    ";

/**
 * @typedef {object} CodeOptions
 * @property {string} name Of the file.
 * @property {() => Promise<string>} load The file as published.
 * @property {(source: string) => Promise<void>} run
 * @property {import("./client.js").Engine} engine For what Python prints.
 */

/** @param {CodeOptions} options @returns {HTMLElement} */
export const codePanel = (options) => new CodePanel(options).element;

class CodePanel {
  #original = "";

  /** @param {CodeOptions} options */
  constructor(options) {
    const { name, engine } = options;
    this.options = options;
    this.editor = el("textarea", { className: "code", spellcheck: false, autocapitalize: "off", rows: 18, wrap: "off", disabled: true });
    this.editor.setAttribute("aria-label", `${name}, editable. Tab indents; press Escape, then Tab to leave.`);
    this.editor.addEventListener("keydown", indent(this.editor));
    this.note = el("p", { className: "code-note", role: "status" });
    this.faults = el("div");
    this.printed = el("pre", { className: "printed", hidden: true, tabIndex: 0, "aria-label": "What Python printed" });
    engine.on("print", ({ text }) => {
      this.printed.hidden = false;
      this.printed.append(text);
    });
    this.runButton = button("Run this code", "primary", () => this.#run());
    const reset = button("Reset", "", () => {
      this.editor.value = this.#original;
      this.#run();
    });
    const lead = `${name} runs in your browser. Change it and run it; your version stays on your device.`;
    this.element = el("details", { className: "panel", id: "code" }, el("summary", { textContent: "The code" }),
      el("p", { className: "panel-lead", textContent: lead }), this.editor,
      el("div", { className: "actions" }, copyButton(() => this.editor.value), reset, this.runButton),
      this.note, this.faults, this.printed);
    this.element.addEventListener("toggle", () => this.element.open && this.editor.disabled && this.#read());
  }

  async #read() {
    const { name, load } = this.options;
    this.note.textContent = `Reading ${name}`;
    this.faults.replaceChildren();
    try {
      this.#original = await load();
      this.editor.value = this.#original;
      this.editor.disabled = false;
      this.editor.rows = Math.min(32, Math.max(6, this.#original.split("\n").length + 1));
    } catch (error) {
      this.faults.replaceChildren(faultView(/** @type {Error} */ (error), null));
    }
    this.note.textContent = "";
  }

  async #run() {
    const { engine, run } = this.options;
    if (this.editor.disabled) return;
    this.faults.replaceChildren();
    this.printed.replaceChildren();
    this.printed.hidden = true;
    this.note.textContent = engine.status.state === "ready" ? "Running the code" : "The code runs as soon as the demo is loaded";
    this.runButton.disabled = true;
    const failed = await run(this.editor.value).then(() => null, (error) => error);
    this.runButton.disabled = false;
    this.note.textContent = failed ? "The page goes on with the code that ran before." : "The page now runs this code.";
    if (failed) this.faults.replaceChildren(faultView(failed, null));
  }
}

/** @param {string} words @param {string} kind @param {() => void} act */
function button(words, kind, act) {
  const element = el("button", { type: "button", className: `button ${kind}`, textContent: words });
  element.addEventListener("click", act);
  return element;
}

/** @param {HTMLTextAreaElement} editor @returns {(event: KeyboardEvent) => void} */
function indent(editor) {
  let leaving = false;
  return (event) => {
    if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && !event.shiftKey && !leaving) {
      event.preventDefault();
      editor.setRangeText(INDENT, editor.selectionStart, editor.selectionEnd, "end");
    } else leaving = event.key === "Shift" && leaving;
  };
}
