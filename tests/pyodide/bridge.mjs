/**
 * Drives pageside/_bridge.py in real Pyodide, as the page's worker does, and prints what happened as one line of JSON.
 *
 * node bridge.mjs PYODIDE_FOLDER NUMPY_WHEEL PAGESIDE_FOLDER DEMO_FOLDER
 */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, numpyWheel, pagesideFolder, demoFolder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ stdout: () => {}, stderr: () => {} });
const site = pyodide.runPython("import site; site.getsitepackages()[0]");

function copy(from, to) {
  pyodide.FS.mkdirTree(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === "__pycache__") continue;
    if (entry.isDirectory()) copy(join(from, entry.name), `${to}/${entry.name}`);
    else pyodide.FS.writeFile(`${to}/${entry.name}`, readFileSync(join(from, entry.name)));
  }
}

pyodide.unpackArchive(new Uint8Array(readFileSync(numpyWheel)).buffer, "whl", { extractDir: site });
copy(pagesideFolder, `${site}/pageside`);
copy(demoFolder, "/home/pyodide/demo");

const report = {};
const bridge = (() => {
  pyodide.runPython("import numpy");
  const start = performance.now();
  const module = pyodide.pyimport("pageside._bridge");
  report.importMs = performance.now() - start;
  return module;
})();

/** Stands for onnxruntime-web: two outputs, twice the input and the sum over channels of it. */
let seen = null;
let runFails = null;
async function run(name, feeds) {
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  if (runFails) throw runFails;
  const { x } = feeds;
  seen = { name, dtype: x.dtype, shape: x.shape, kind: x.data.constructor.name, own: x.data.byteLength === x.data.buffer.byteLength };
  const [, channels, height, width] = x.shape;
  const twice = x.data.map((value) => value * 2);
  const sum = new Float32Array(height * width);
  for (let i = 0; i < x.data.length; i++) sum[i % sum.length] += twice[i] / channels;
  const half = new Uint16Array(4).fill(0x3c00);
  return {
    twice: { dtype: "float32", shape: x.shape, data: twice },
    sum: { dtype: "float32", shape: [1, height, width], data: sum.subarray(0) },
    half: { dtype: "float16", shape: [4], data: half },
    flag: { dtype: "bool", shape: [], data: new Uint8Array([1]) },
    big: { dtype: "int64", shape: [2], data: new BigInt64Array([-1n, 2n ** 40n]) },
  };
}

function plain(value) {
  if (ArrayBuffer.isView(value)) return { kind: value.constructor.name, length: value.length, first: [...value.slice(0, 3)].map(Number) };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") {
    if (Object.getPrototypeOf(value) !== Object.prototype) return `not plain: ${Object.prototype.toString.call(value)}`;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

async function attempt(work) {
  try {
    return { value: plain(await work()) };
  } catch (error) {
    return { thrown: error.name, python: error.constructor.name === "PythonError", ...plain(bridge.format_error()) };
  }
}

const picture = () => ({ width: 3, height: 2, data: new Uint8Array(18).fill(51) });
const call = (what, emit = () => {}, id = undefined) => bridge.call([what, picture()], emit, id);
const spec = (name, dtype, shape) => ({ name, dtype, shape });
const models = {
  double: {
    inputs: [spec("x", "float32", [1, 3, "height", "width"])],
    outputs: [spec("twice", "float32", []), spec("sum", "float32", []), spec("half", "float16", [4]), spec("flag", "bool", []), spec("big", "int64", [2])],
  },
};

report.beforeOpen = await attempt(() => call("model"));
report.config = JSON.parse(bridge.open_demo("/home/pyodide/demo", models, run));
report.model = await attempt(() => call("model"));
report.seen = seen;
const streamed = [];
report.stream = await attempt(() => call("stream", async (outputs) => { streamed.push(outputs[0].label); }));
report.streamed = streamed;
report.raise = await attempt(() => call("raise"));
report.chain = await attempt(() => call("chain"));
report.tell = await attempt(() => call("tell"));
report.wrongCount = await attempt(() => bridge.call(["model"], () => {}));
report.nothing = await attempt(() => call("nothing"));

// What the worker throws comes back as it was.
runFails = Object.assign(new Error("device lost"), { name: "FaultError" });
report.runFails = await bridge.call(["model", picture()], () => {}).catch(() => ({ same: bridge.format_error().js_error === runFails }));
runFails = null;
const stop = new Error("stop");
report.emitThrows = await call("endless", async () => { throw stop; }).catch(() => ({ same: bridge.format_error().js_error === stop }));
report.closedByEmit = (await attempt(() => call("closed"))).value[0].label;

// Cancelled between two steps, and while it waits for something that never comes.
let steps = 0;
const endless = attempt(() => call("endless", () => { if (++steps === 3) bridge.cancel(7); }, 7));
report.cancelEndless = { ...(await endless), steps };
const sleeping = attempt(() => call("sleep", () => {}, 8));
await new Promise((resolve) => { setTimeout(resolve, 10); });
report.cancelSleep = { told: bridge.cancel(8), ...(await sleeping), again: bridge.cancel(8) };
report.afterCancel = await attempt(() => call("model"));

// An edit that fails leaves the demo as it was.
report.syntax = await attempt(() => bridge.edit("import pageside as ps\nps.Interface(1 +\n"));
report.editRaises = await attempt(() => bridge.edit("import pageside as ps\n\n1 / 0\n"));
report.noInterface = await attempt(() => bridge.edit("x = 1\n"));
report.exits = await attempt(() => bridge.edit("import sys\nsys.exit(3)\n"));
report.afterBadEdits = await attempt(() => call("model"));
report.raiseAfterBadEdits = await attempt(() => call("raise"));
const greet = "import pageside as gr\n\ndef greet(name):\n    return 'Hello ' + name + '!!'\n\ngr.Interface(fn=greet, inputs='text', outputs='text').launch()\n";
report.edited = JSON.parse(bridge.edit(greet));
report.greeting = await attempt(() => bridge.call(["you"], () => {}));
report.greetingFails = await attempt(() => bridge.edit(greet.replace("return", "return name[9] +")) && bridge.call(["you"], () => {}));
const newModel = "import pageside as ps\nnet = ps.Model('other')\nasync def f(x):\n    return await net(x)\ndemo = ps.Interface(f, 'number', 'number')\n";
report.newModel = await attempt(() => bridge.edit(newModel) && bridge.call([1], () => {}));
const forgot = "import pageside as ps\nnet = ps.Model('double')\ndef f(x):\n    return net(x) * 2\ndemo = ps.Interface(f, 'number', 'number')\n";
report.forgotAwait = await attempt(() => bridge.edit(forgot) && bridge.call([1], () => {}));

const dtypes = `import pageside as ps
net = ps.Model('double')
async def f(x):
    out = await net([[[[x]]] * 3])
    half, flag, big = out.half, out.flag, out.big
    return f"{half.dtype} {half.shape} {half[0]}, {flag.dtype} {flag.shape} {flag}, {big.dtype} {big.shape} {big.tolist()}"
demo = ps.Interface(f, 'number', 'text')
`;
report.dtypes = await attempt(() => bridge.edit(dtypes) && bridge.call([1], () => {}));
const paths = `import wave
import pageside as ps
def f(path):
    with wave.open(path) as sound:
        print(sound.getparams())
        half = sound.readframes(2)
    with wave.open("half.wav", "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(half)
    return "half.wav"
demo = ps.Interface(f, ps.Audio(type="filepath"), "audio")
`;
report.paths = await attempt(() => bridge.edit(paths) && bridge.call([{ rate: 8000, channels: 1, data: Int16Array.of(5, -6, 7) }], () => {}));
const early = "[m for m in __import__('sys').modules if m in ('json', 'dataclasses', 'PIL', 'pkgutil', 'difflib', 'pageside.ops')]";
report.imported = pyodide.runPython(early).toJs();

/** Milliseconds in Pyodide for the steps before and after the photo classifier's model; not asserted, only shown. */
pyodide.globals.set("photo", new Uint8Array(768 * 1024 * 3).map((_, i) => (i * 31) % 256));
report.milliseconds = pyodide.runPython(readFileSync(new URL("./timing.py", import.meta.url), "utf8")).toJs({ dict_converter: Object.fromEntries });
report.checksum = pyodide.runPython("int(ps.ops.resize_crop(pixels, 224).astype(np.int64).sum())");
process.stdout.write(JSON.stringify(report, (_, value) => (value === undefined ? null : value)) + "\n", () => process.exit(0));
