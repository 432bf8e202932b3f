/**
 * Draws a figure of pyplot by `pageside.Plot` in real Pyodide with real matplotlib, and prints what came as one line
 * of JSON. `_bridge` is imported, as a page does, and nothing chooses matplotlib's backend.
 *
 * node plot.mjs PYODIDE_FOLDER PAGESIDE_FOLDER WHEEL...
 */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, pagesideFolder, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ stdout: () => {}, stderr: () => {} });
const site = pyodide.runPython("import site; site.getsitepackages()[0]");

function copy(from, to) {
  pyodide.FS.mkdirTree(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copy(join(from, entry.name), `${to}/${entry.name}`);
    else pyodide.FS.writeFile(`${to}/${entry.name}`, readFileSync(join(from, entry.name)));
  }
}

for (const wheel of wheels) {
  pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)).buffer, "whl", { extractDir: site });
}
copy(pagesideFolder, `${site}/pageside`);

const report = pyodide.runPython(`
import json
import pageside._bridge
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pageside as ps

figure, axes = plt.subplots(figsize=(4, 2), facecolor="#204060")
axes.plot([0, 1], [0, 1])
payload = ps.Plot().postprocess(axes)
pixels = np.asarray(payload["data"]).reshape(payload["height"], payload["width"], 3)
plain = matplotlib.figure.Figure(figsize=(1, 1))
json.dumps({
    "size": [payload["width"], payload["height"]],
    "corner": pixels[0, 0].tolist(),
    "drawn": bool((pixels.reshape(-1, 3).std(axis=0) > 5).all()),
    "open": plt.get_fignums(),
    "plain": ps.Plot().postprocess(plain)["width"],
    "dpi": plain.get_dpi(),
})
`);
process.stdout.write(`${report}\n`, () => process.exit(0));
