/** The maker's demo in Python, by way of `pageside/_bridge.py`. */

import { FaultError, isOutOfMemory, toFault } from "../shared/fault.js";
import { Prints } from "../shared/prints.js";
import { coreFiles, startPython } from "./interpreter.js";

/** @typedef {import("./assets.js").Assets} Assets */
/** @typedef {import("./remote.js").Values} Values */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").InterfaceConfig} InterfaceConfig */
/** @typedef {import("../protocol.js").Payload} Payload */
/** @typedef {import("../protocol.js").PythonStart} PythonStart */
/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {(model: string, feeds: Values, keep: string[]) => Promise<Values>} RunModel */
/** @typedef {(outputs: Payload[]) => void} Emit */
/** @typedef {(levels: import("../protocol.js").Level[]) => void} Tell */
/** @typedef {(notice: import("../protocol.js").Notice) => void} Notify */
/** @typedef {import("../shared/fault.js").Fault & {js_error?: unknown}} Described */

/**
 * What `_bridge.py` offers. Errors of Python come as PythonError; `format_error` describes the last one.
 * @typedef {object} Bridge
 * @property {(folder: string, models: object, run: RunModel) => string} open_demo the interface as JSON
 * @property {(inputs: Payload[], emit: Emit, id: number, tell: Tell, notify: Notify) => Promise<Payload[]>} call
 * @property {() => void} begin
 * @property {(id: number) => boolean} cancel
 * @property {(source: string) => string} edit the interface as JSON
 * @property {() => Described} format_error
 */

const DEMO_FOLDER = "/home/pyodide/demo";

/**
 * @typedef {object} Boot
 * @property {Bundle} bundle
 * @property {string} base absolute URL that the bundle's paths are relative to
 * @property {Assets} assets
 * @property {import("./snapshots.js").Snapshots} snapshots
 * @property {(stream: "stdout" | "stderr", text: string) => void} print
 */

export class Python {
  /**
   * @param {Pyodide} pyodide
   * @param {PythonStart} start
   * @param {Prints} prints
   */
  constructor(pyodide, start, prints) {
    this.pyodide = pyodide;
    this.start = start;
    this.prints = prints;
    /** @type {Bridge} */
    this.bridge = pyodide.pyimport("pageside._bridge");
  }

  /**
   * Python with the demo's wheels in site-packages and its files in a folder of their own.
   * @param {Boot} boot
   * @throws {FaultError} stage `download`, `integrity` or `python`
   */
  static async boot({ bundle, base, assets, snapshots, print }) {
    assets.expect("Python", Object.values(coreFiles(bundle)));
    assets.expect("packages", [...bundle.runtime.pyodide.wheels, ...bundle.files]);
    const files = Promise.all(bundle.files.map((file) => assets.load("packages", file)));
    const prints = new Prints(print);
    const starting = startPython({ bundle, base, assets, snapshots, prints });
    try {
      const [{ pyodide, start }, fileBytes] = await Promise.all([starting, files]);
      bundle.files.forEach(({ path }, i) => writeFile(pyodide, `${DEMO_FOLDER}/${path}`, fileBytes[i]));
      return new Python(pyodide, start, prints);
    } catch (error) {
      throw error instanceof FaultError ? error : fatal(error);
    }
  }

  /**
   * Runs demo.py.
   * @param {object} models what the page knows of each model: its inputs and outputs
   * @param {RunModel} run
   * @returns {InterfaceConfig}
   */
  openDemo(models, run) {
    return this.guard(() => JSON.parse(this.bridge.open_demo(DEMO_FOLDER, models, run)));
  }

  /**
   * @param {number} id
   * @param {Payload[]} inputs
   * @param {object} to
   * @param {Emit} to.emit for each step of a generator
   * @param {Tell} to.tell for what a Progress says
   * @param {Notify} to.notify for what Info and its like say
   * @returns {Promise<Payload[]>}
   */
  async call(id, inputs, { emit, tell, notify }) {
    try {
      return await this.bridge.call(inputs, emit, id, tell, notify);
    } catch (error) {
      throw this.faultOf(error);
    } finally {
      this.prints.flush();
    }
  }

  /** The next call begins with the first values of its State components. */
  begin() {
    this.bridge.begin();
  }

  /**
   * Ends a call at its next step.
   * @param {number} id
   */
  cancel(id) {
    this.bridge.cancel(id);
  }

  /**
   * @param {string} source
   * @returns {InterfaceConfig}
   */
  edit(source) {
    return this.guard(() => JSON.parse(this.bridge.edit(source)));
  }

  /**
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  guard(work) {
    try {
      return work();
    } catch (error) {
      throw this.faultOf(error);
    } finally {
      this.prints.flush();
    }
  }

  /**
   * @param {unknown} error
   * @returns {FaultError}
   */
  faultOf(error) {
    if (error instanceof FaultError) return error;
    if (!(error instanceof this.pyodide.ffi.PythonError)) return fatal(error);
    const { stage, message, name, traceback, js_error: inner } = this.bridge.format_error();
    // What a model or the worker itself threw, on its way through the maker's code.
    if (inner instanceof FaultError) return inner;
    if (inner instanceof Error) return FaultError.from(toFault(inner, "model"));
    return stage === "cancelled" ? new FaultError(stage, message) : new FaultError(stage, message, { name, traceback });
  }
}

/** Pyodide itself broke, or its memory is full. @param {unknown} error */
function fatal(error) {
  const message = error instanceof Error ? error.message : String(error);
  const stage = isOutOfMemory(error) ? "memory" : "python";
  return new FaultError(stage, `Python stopped: ${message}`, { name: "PythonStopped", hint: "Try again; Python is started anew." });
}

/**
 * @param {Pyodide} pyodide
 * @param {string} path
 * @param {Uint8Array} bytes
 */
function writeFile(pyodide, path, bytes) {
  pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  pyodide.FS.writeFile(path, bytes);
}
