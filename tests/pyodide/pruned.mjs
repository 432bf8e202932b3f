// Boots Pyodide from a pruned standard library, unpacks wheels, runs a Python file and prints what it prints.
// node pruned.mjs PYODIDE_FOLDER STDLIB SCRIPT WHEEL...
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, stdlib, script, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
try {
  const python = await loadPyodide({ indexURL: `${folder}/`, stdLibURL: stdlib });
  for (const wheel of wheels) {
    const bytes = new Uint8Array(readFileSync(wheel));
    python.unpackArchive(bytes, "whl", { extractDir: "/lib/python3.12/site-packages/" });
  }
  python.runPython(readFileSync(script, "utf8"));
} catch (error) {
  // Node would print the whole of Pyodide's source before it.
  process.stdout.write(`${error.message}\n`);
  process.exitCode = 1;
}
