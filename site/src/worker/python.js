/**
 * Pyodide, and nothing else that imports it: boots Python from verified bytes, and runs the maker's demo in it by way of
 * `pageside/_bridge.py`.
 */

import { FaultError, isOutOfMemory, toFault } from "../shared/fault.js";
import { Prints } from "../shared/prints.js";

/** @typedef {import("./assets.js").Assets} Assets */
/** @typedef {import("./session.js").Tensors} Tensors */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").FileRef} FileRef */
/** @typedef {import("../protocol.js").InterfaceConfig} InterfaceConfig */
/** @typedef {import("../protocol.js").Payload} Payload */
/** @typedef {import("pyodide").PyodideInterface} Pyodide */
/** @typedef {(model: string, feeds: Tensors) => Promise<Tensors>} RunModel */
/** @typedef {(outputs: Payload[]) => void} Emit */
/** @typedef {import("../shared/fault.js").Fault & {js_error?: unknown}} Described */

/**
 * What `_bridge.py` offers. Errors of Python come as PythonError; `format_error` describes the last one.
 * @typedef {object} Bridge
 * @property {(folder: string, models: object, run: RunModel) => string} open_demo the interface as JSON
 * @property {(inputs: Payload[], emit: Emit, id: number) => Promise<Payload[]>} call
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
 * @property {(stream: "stdout" | "stderr", text: string) => void} print
 */

export class Python {
  /**
   * @param {Pyodide} pyodide
   * @param {Prints} prints
   */
  constructor(pyodide, prints) {
    this.pyodide = pyodide;
    this.prints = prints;
    /** @type {Bridge} */
    this.bridge = pyodide.pyimport("pageside._bridge");
  }

  /**
   * Python with the demo's wheels in site-packages and its files in a folder of their own.
   * @param {Boot} boot
   * @throws {FaultError} stage `download`, `integrity` or `python`
   */
  static async boot({ bundle, base, assets, print }) {
    const { wheels } = bundle.runtime.pyodide;
    assets.expect("Python", Object.values(coreFiles(bundle)));
    assets.expect("packages", [...wheels, ...bundle.files]);
    const packages = Promise.all(wheels.map((wheel) => assets.load("packages", wheel)));
    const files = Promise.all(bundle.files.map((file) => assets.load("packages", file)));
    const prints = new Prints(print);
    const core = startCore({ bundle, base, assets }, prints);
    const [pyodide, wheelBytes, fileBytes] = await Promise.all([core, packages, files]);
    for (const bytes of wheelBytes) unpack(pyodide, bytes);
    bundle.files.forEach(({ path }, i) => writeFile(pyodide, `${DEMO_FOLDER}/${path}`, fileBytes[i]));
    try {
      return new Python(pyodide, prints);
    } catch (error) {
      throw fatal(error);
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
   * @param {Emit} emit for each step of a generator
   * @returns {Promise<Payload[]>}
   */
  async call(id, inputs, emit) {
    try {
      return await this.bridge.call(inputs, emit, id);
    } catch (error) {
      throw this.faultOf(error);
    } finally {
      this.prints.flush();
    }
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
 * The files that `loadPyodide` asks for, by the names under which it asks.
 * @param {Bundle} bundle
 * @returns {Record<string, FileRef>}
 */
function coreFiles({ runtime: { pyodide } }) {
  return { "pyodide.asm.wasm": pyodide.binary, "python_stdlib.zip": pyodide.stdlib, "pyodide-lock.json": pyodide.lock };
}

/**
 * @param {Omit<Boot, "print">} boot
 * @param {Prints} prints
 * @returns {Promise<Pyodide>}
 */
async function startCore({ bundle, base, assets }, prints) {
  const module = new URL(bundle.runtime.pyodide.module, base);
  const indexURL = new URL("./", module).href;
  const entries = Object.entries(coreFiles(bundle)).map(([name, file]) =>
    /** @type {[string, Promise<Uint8Array>]} */ ([indexURL + name, assets.load("Python", file)]));
  const verified = new Map(entries);
  const scripts = Promise.all([import(module.href), import(`${indexURL}pyodide.asm.js`)]);
  const restore = serve(verified);
  const loading = scripts.then(([{ loadPyodide }]) => loadPyodide({
    indexURL,
    stdLibURL: `${indexURL}python_stdlib.zip`,
    lockFileURL: `${indexURL}pyodide-lock.json`,
    stdout: (/** @type {string} */ line) => prints.write("stdout", `${line}\n`),
    stderr: (/** @type {string} */ line) => prints.write("stderr", `${line}\n`),
  }));
  try {
    // All of them, because Pyodide waits for ever when its binary does not come.
    const [pyodide] = await Promise.all([loading, ...verified.values()]);
    return pyodide;
  } finally {
    restore();
  }
}

/**
 * Pyodide fetches its files itself. While it boots, those addresses (and no others) answer with bytes that are verified.
 * @param {Map<string, Promise<Uint8Array>>} verified
 * @returns {() => void} gives `fetch` back
 */
function serve(verified) {
  const original = self.fetch;
  self.fetch = async (resource, init) => {
    const url = resource instanceof Request ? resource.url : String(resource);
    const bytes = await verified.get(url);
    if (!bytes) return original.call(self, resource, init);
    const type = url.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return new Response(/** @type {BodyInit} */ (bytes), { headers: { "content-type": type } });
  };
  return () => { self.fetch = original; };
}

/**
 * Unpacked and imported later, in place of Pyodide's own loader, which compiles every shared library at once.
 * @param {Pyodide} pyodide
 * @param {Uint8Array} wheel
 */
function unpack(pyodide, wheel) {
  const site = /** @type {{sitePackages: string}} */ (/** @type {any} */ (pyodide)._api).sitePackages;
  pyodide.unpackArchive(/** @type {any} */ (wheel), "whl", { extractDir: site });
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
