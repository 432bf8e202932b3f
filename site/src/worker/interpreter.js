/**
 * Pyodide, and nothing else that imports it: Python with the demo's packages, from its verified files or, where this
 * device kept one, from a snapshot of its memory.
 *
 * A snapshot works because in every boot the same shared libraries are loaded in the same order before Python starts, so
 * that its memory and its table of functions have the same addresses. (The idea is Cloudflare's: workerd,
 * src/pyodide/internal/snapshot.ts.)
 */

import { FaultError } from "../shared/fault.js";
import { storedFiles } from "../shared/zip.js";

/** @typedef {import("./assets.js").Assets} Assets */
/** @typedef {import("./snapshots.js").Snapshots} Snapshots */
/** @typedef {import("../shared/prints.js").Prints} Prints */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").FileRef} FileRef */
/** @typedef {import("../protocol.js").PythonStart} PythonStart */
/** @typedef {import("pyodide").PyodideInterface} Pyodide */

const SITE_PACKAGES = "/lib/python3.12/site-packages/";
/** What `import numpy` loads; each missing one would move the addresses of the rest. */
const LIBRARIES = ["_core/_multiarray_umath", "_core/_multiarray_tests", "linalg/_umath_linalg", "fft/_pocketfft_umath"]
  .map((name) => `${SITE_PACKAGES}numpy/${name}.cpython-312-wasm32-emscripten.so`);

/**
 * What Emscripten's module has beyond Pyodide's public interface.
 * @typedef {object} Emscripten
 * @property {(path: string, flags: object, scope: object) => Promise<unknown>} loadDynamicLibrary
 * @property {(id: string) => void} addRunDependency
 * @property {(id: string) => void} removeRunDependency
 * @property {{loadedLibsByName: Record<string, unknown>}} LDSO
 */

/** @typedef {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} Receive */

/**
 * What Pyodide gives to Emscripten.
 * @typedef {object} Settings
 * @property {((module: Emscripten) => void)[]} preRun
 * @property {(imports: WebAssembly.Imports, receive: Receive) => object} instantiateWasm
 */

/**
 * @typedef {object} Start
 * @property {Bundle} bundle
 * @property {string} base absolute URL that the bundle's paths are relative to
 * @property {Assets} assets
 * @property {Snapshots} snapshots
 * @property {Prints} prints
 */

/**
 * One wheel: its files as views by absolute path; null where they are compressed.
 * @typedef {{archive: Uint8Array, files: Map<string, Uint8Array> | null}} Wheel
 */

/**
 * All that a boot needs but the snapshot; `core` holds what Pyodide asks for, by address.
 * @typedef {object} Parts
 * @property {string} index
 * @property {Prints} prints
 * @property {Promise<{loadPyodide: typeof import("pyodide").loadPyodide}[]>} scripts
 * @property {Map<string, Promise<Uint8Array>>} core
 * @property {Promise<WebAssembly.Module>} compiled
 * @property {Promise<Wheel[]>} wheels
 */

/**
 * @param {Start} start
 * @returns {Promise<{pyodide: Pyodide, start: PythonStart}>}
 */
export async function startPython(start) {
  const { snapshots } = start;
  const kept = snapshots.read();
  const parts = gather(start);
  const { wheels } = parts;
  // Named here, so that a failure while the snapshot is read is nobody's unhandled rejection.
  const all = Promise.all([parts.scripts, parts.compiled, wheels, ...parts.core.values()]);
  all.catch(() => undefined);
  let dropped = "";
  const snapshot = await kept;
  if (snapshot) {
    try {
      await snapshots.begin();
      const pyodide = await restored(parts, snapshot);
      void snapshots.end();
      return { pyodide, start: { from: "snapshot", dropped } };
    } catch (error) {
      await snapshots.end();
      await all; // a file that can't be read says nothing about the snapshot
      // Of an exception of Python the message is its whole traceback.
      dropped = /** @type {Error} */ (error).message.trim().split("\n").at(-1) ?? "";
      await snapshots.drop();
    }
  }
  const pyodide = await boot(parts);
  install(pyodide, await wheels);
  snapshots.unsaved = snapshotOf(pyodide);
  return { pyodide, start: { from: "files", dropped } };
}

/**
 * Everything side by side: while the snapshot is read, scripts are parsed and WebAssembly is compiled.
 * @param {Start} start
 * @returns {Parts}
 */
function gather({ bundle, base, assets, prints }) {
  const index = new URL("./", new URL(bundle.runtime.pyodide.module, base)).href;
  const scripts = Promise.all([import(`${index}pyodide.mjs`), import(`${index}pyodide.asm.js`)]).catch((error) => {
    throw new FaultError("download", `Pyodide's scripts could not be loaded: ${error.message}`);
  });
  const core = new Map(Object.entries(coreFiles(bundle)).map(([name, file]) =>
    [index + name, assets.load("Python", file)]));
  const compiled = assets.load("Python", bundle.runtime.pyodide.binary)
    .then((bytes) => WebAssembly.compile(/** @type {BufferSource} */ (bytes)));
  const wheels = Promise.all(bundle.runtime.pyodide.wheels.map((file) => assets.load("packages", file).then(asWheel)));
  return { index, prints, scripts, core, compiled, wheels };
}

/**
 * The files that `loadPyodide` asks for, by the names under which it asks.
 * @param {Bundle} bundle
 * @returns {Record<string, FileRef>}
 */
export function coreFiles({ runtime: { pyodide } }) {
  return { "pyodide.asm.wasm": pyodide.binary, "python_stdlib.zip": pyodide.stdlib, "pyodide-lock.json": pyodide.lock };
}

/**
 * @param {Parts} parts
 * @param {Uint8Array} snapshot
 */
async function restored(parts, snapshot) {
  const pyodide = await boot(parts, { _loadSnapshot: snapshot });
  install(pyodide, await parts.wheels);
  pyodide.pyimport("pageside._snapshot").check();
  return pyodide;
}

/**
 * Python without its packages.
 * @param {Parts} parts
 * @param {object} [more] options of `loadPyodide`
 * @returns {Promise<Pyodide>}
 */
async function boot({ index, prints, scripts, core, compiled, wheels }, more = {}) {
  const [{ loadPyodide }] = await scripts;
  const restore = serve(core);
  const ready = prepareModule(compiled, wheels);
  try {
    const loading = loadPyodide({
      indexURL: index,
      stdLibURL: `${index}python_stdlib.zip`,
      lockFileURL: `${index}pyodide-lock.json`,
      stdout: (/** @type {string} */ line) => prints.write("stdout", `${line}\n`),
      stderr: (/** @type {string} */ line) => prints.write("stderr", `${line}\n`),
      ...more,
    });
    // All of them, because Pyodide waits for ever when its binary or a library does not come.
    const [pyodide] = await Promise.all([loading, ready, compiled, wheels, ...core.values()]);
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
    // Pyodide asks for its binary but gets it compiled, from `prepareModule`.
    return new Response(url.endsWith(".wasm") ? null : /** @type {BodyInit} */ (bytes));
  };
  return () => { self.fetch = original; };
}

/**
 * Makes the next boot take the compiled module, and load numpy's shared libraries before Python starts.
 * @param {Promise<WebAssembly.Module>} compiled
 * @param {Promise<Wheel[]>} wheels
 * @returns {Promise<void>} settles when they are loaded
 */
function prepareModule(compiled, wheels) {
  const scope = /** @type {{_createPyodideModule: (settings: Settings) => unknown}} */ (/** @type {unknown} */ (self));
  const create = scope._createPyodideModule;
  return new Promise((resolve, reject) => {
    scope._createPyodideModule = (settings) => {
      scope._createPyodideModule = create;
      settings.instantiateWasm = (imports, receive) => {
        compiled.then(async (module) => receive(await WebAssembly.instantiate(module, imports), module)).catch(reject);
        return {};
      };
      settings.preRun.push((module) => {
        module.addRunDependency("libraries");
        loadLibraries(module, wheels).then(() => module.removeRunDependency("libraries")).then(resolve, reject);
      });
      return create(settings);
    };
  });
}

/**
 * @param {Emscripten} module
 * @param {Promise<Wheel[]>} wheels
 */
async function loadLibraries(module, wheels) {
  const all = new Map((await wheels).flatMap(({ files }) => [...(files ?? [])]));
  const fs = { findObject: (/** @type {string} */ path) => all.has(path), readFile: (/** @type {string} */ path) => all.get(path) };
  for (const path of LIBRARIES.filter((name) => all.has(name))) {
    await module.loadDynamicLibrary(path, { loadAsync: true, nodelete: true, global: false, allowUndefined: false, fs }, {});
  }
}

/** @param {Uint8Array} archive @returns {Wheel} */
function asWheel(archive) {
  const files = storedFiles(archive);
  return { archive, files: files && new Map([...files].map(([path, content]) => [SITE_PACKAGES + path, content])) };
}

/**
 * Puts the wheels' files where Python finds them, without copying where they are stored as they are. Shared libraries are
 * compiled when they are imported; Pyodide's own loader would compile all of them now.
 * @param {Pyodide} pyodide
 * @param {Wheel[]} wheels
 */
function install(pyodide, wheels) {
  const folders = new Set();
  for (const { archive, files } of wheels) {
    if (!files) pyodide.unpackArchive(/** @type {any} */ (archive), "whl", { extractDir: SITE_PACKAGES });
    for (const [path, content] of files ?? []) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      if (!folders.has(folder)) pyodide.FS.mkdirTree(folder);
      folders.add(folder);
      pyodide.FS.writeFile(path, content, { canOwn: true });
    }
  }
}

/**
 * Python's memory with the runtime's modules in it and before any code of a demo.
 * @param {Pyodide} pyodide
 * @returns {Uint8Array | null} null where it can't be taken
 */
function snapshotOf(pyodide) {
  const { _api: api, _module: module } = /** @type {{_api: {config: {_makeSnapshot?: boolean}}, _module: Emscripten}} */
    (/** @type {unknown} */ (pyodide));
  pyodide.pyimport("pageside._snapshot").fill();
  const loaded = Object.keys(module.LDSO.loadedLibsByName).filter((name) => name.endsWith(".so"));
  if (loaded.join() !== LIBRARIES.join()) return null;
  try {
    // Asked for at the start, it would make Pyodide put a proxy around everything that Python's `js` gives to the maker.
    api.config._makeSnapshot = true;
    return /** @type {{makeMemorySnapshot: () => Uint8Array}} */ (/** @type {unknown} */ (pyodide)).makeMemorySnapshot();
  } catch {
    return null;
  } finally {
    api.config._makeSnapshot = false;
  }
}
