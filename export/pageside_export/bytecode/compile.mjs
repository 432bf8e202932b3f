// Runs inside.py in Pyodide on the archives of a folder.
// node compile.mjs PYODIDE_FOLDER INSIDE_PY FOLDER SETTINGS_JSON
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodideFolder, inside, folder, settings] = process.argv.slice(2);
const { names, partly } = JSON.parse(settings);
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
try {
  // A fixed order of sets, and no column numbers: the source that they would point into is not on the page.
  const env = { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" };
  const python = await loadPyodide({ indexURL: `${pyodideFolder}/`, env });
  for (const name of names) python.FS.writeFile(`/tmp/${name}.zip`, new Uint8Array(readFileSync(`${folder}/${name}.zip`)));
  python.runPython(readFileSync(inside, "utf8"));
  python.globals.get("compile_all")(names, partly);
  for (const name of names) writeFileSync(`${folder}/${name}.compiled.zip`, python.FS.readFile(`/tmp/${name}.compiled.zip`));
} catch (error) {
  // Node would print the whole of Pyodide's source before it.
  process.stdout.write(`${error.message}\n`);
  process.exitCode = 1;
}
