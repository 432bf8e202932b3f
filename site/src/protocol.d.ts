/**
 * Every message between the page and its workers, and the bundle that all of them read. Types only; nothing here runs.
 *
 * A request carries an `id`; the worker answers it with exactly one `result`, `ready` or `error` of that id,
 * after any number of `partial`s and `step`s. Messages without an id report on the worker as a whole.
 */

// ---------------------------------------------------------------------------------------------- the bundle

/** A file of the bundle or of the runtime. `url` is relative to the folder of bundle.json. */
export interface FileRef {
  url: string;
  /** Bytes on the wire, as stored on the host. */
  bytes: number;
  /** Bytes after decoding; equal to `bytes` when `encoding` is absent. */
  size: number;
  /** Of the decoded bytes, lower-case hexadecimal. */
  sha256: string;
  /** How the stored file is packed: it is decoded in the page, so that it is small on a host that compresses nothing. */
  encoding?: "gzip" | "zstd";
  /** Runs of 16-bit integers, whose bytes are stored in two planes behind all others: an offset in bytes and a count. */
  planes?: [offset: number, count: number][];
}

export type DType =
  | "float32" | "float16" | "float64" | "int64" | "int32" | "int16" | "int8" | "uint8" | "uint16" | "uint32" | "uint64" | "bool";

export interface TensorSpec {
  name: string;
  dtype: DType;
  /** A number for a fixed dimension, a name for a dynamic one. */
  shape: (number | string)[];
}

/** `data` in C order; float16 and bool in arrays of the same size where the browser has none of their own. */
export interface Tensor { dtype: DType; shape: number[]; data: ArrayBufferView }

/** A tensor's raw little-endian bytes in C order. */
export interface TensorFile { dtype: DType; shape: number[]; file: FileRef }

/** One recorded call. `outputs` are PyTorch's; `variants` holds native onnxruntime's for each published variant. */
export interface Golden {
  inputs: Record<string, TensorFile>;
  outputs: Record<string, TensorFile>;
  variants: Record<string, Record<string, TensorFile>>;
}

export interface Measured {
  /** The lowest cosine over all golden calls and outputs, against PyTorch fp32. */
  cosine: number;
  max_abs_error: number;
  mean_abs_error: number;
  /** The share of calls whose largest element agrees with PyTorch's; null where that has no meaning. */
  top1: number | null;
  /** Milliseconds of the fastest call in native onnxruntime on the machine that built the bundle. */
  native_ms: number;
}

export interface Variant {
  id: string;
  /** The ONNX file, cut into parts that are concatenated in this order. */
  parts: FileRef[];
  /** The ONNX graph with zeros for weights: what is opened and run while those are on a slow line. */
  rehearsal?: FileRef;
  /** Entries for onnxruntime's session configuration, as `{"session.disable_quant_qdq": "1"}`. */
  session_config: Record<string, string>;
  /** More of them, where onnxruntime runs on WebAssembly. */
  wasm_config?: Record<string, string>;
  /** Whether its products of floats may be made in integers of sixteen bits. */
  integer_products?: boolean;
  /** Features of a WebGPU adapter without which other variants are tried first, as "shader-f16". */
  needs?: string[];
  measured: Measured;
  /** In place of the model's, where activations are rounded while it runs. */
  tolerance?: Tolerance;
  /** How far native onnxruntime was from PyTorch on the golden calls, at most: a `relative_error` as in Tolerance. */
  golden_error?: number;
}

export interface Tolerance {
  cosine: number;
  /** The largest absolute difference, divided by the largest absolute value of the golden output. */
  relative_error: number;
}

export type BackendId = "wasm" | "webgpu";

export interface ModelEntry {
  name: string;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  /** Outputs that stay on the GPU, as the state that goes into the next call. */
  keep?: string[];
  /** How often an answer runs it, and the shapes of inputs in a call of mean size, where the first golden call's are others. */
  usual?: { calls: number; shapes: Record<string, number[]> };
  variants: Variant[];
  golden: Golden[];
  /** For each backend the ids of the variants to try, best first. */
  backends: Record<BackendId, string[]>;
  /** What a backend must reach on the visitor's device against native onnxruntime's outputs of the same variant. */
  tolerance: Tolerance;
}

export interface ComponentConfig {
  /** The component's name in Python in lower case, and of its file in `page/components`. */
  type: string;
  label: string;
  props: Record<string, any>;
}

export interface InterfaceConfig {
  title: string;
  /** HTML rendered at build from the maker's Markdown (raw HTML in it is escaped); empty when there is none. */
  description_html: string;
  article_html: string;
  inputs: ComponentConfig[];
  outputs: ComponentConfig[];
  live: boolean;
  generator: boolean;
  submit_label: string;
  stop_label: string;
  /** Empty where there is no such button. */
  clear_label: string;
  /** The last `count` inputs, in a part that opens. */
  additional?: { count: number; label: string; open: boolean };
  /** The place of the example that the page opens with, in place of the first; false where it opens with none. */
  preload_example?: number | false;
}

/** A component's value in bundle.json: JSON, with files in place of large data. */
export type StoredValue = any;

export interface Example {
  inputs: StoredValue[];
  /** PyTorch's answer, computed at build. */
  outputs: StoredValue[];
  /** The maker's name for it. */
  label?: string;
}

/** A build of onnxruntime-web, with kernels of ours (docs/decisions/0042-kernels.md). */
export interface OrtBuild {
  module: string;
  /** Emscripten's JavaScript. */
  glue: string;
  binary: FileRef;
  /**
   * Where the decoded binary has a 2. Without the 2 no product of floats is made in integers; plus 1 the others are left
   * to onnxruntime's own kernel.
   */
  product_switch: number;
}

export interface Runtime {
  /** The folder of the versioned assets, relative to bundle.json, with a trailing slash. */
  assets: string;
  /** Changes whenever a byte of the runtime does; part of every cache key. */
  version: string;
  ort: {
    /** CPU only. */
    wasm: OrtBuild;
    /** WebGPU and CPU, for browsers with JavaScript Promise Integration. */
    jspi: OrtBuild;
    /** WebGPU and CPU elsewhere. */
    asyncify: OrtBuild;
  };
  pyodide: {
    /** The URL of `pyodide.mjs`; `pyodide.asm.js` stands beside it. */
    module: string;
    binary: FileRef;
    stdlib: FileRef;
    lock: FileRef;
    /** Wheels to unpack into site-packages, in this order: what the demo imports, then pageside itself. */
    wheels: (FileRef & { name: string })[];
  };
}

export interface Bundle {
  format: "pageside-bundle";
  version: 1;
  name: string;
  /** Of pageside, the maker's tool. */
  pageside: string;
  interface: InterfaceConfig;
  /** `demo.py` first, then the other files that it reads, each with its path in the demo's folder. */
  files: (FileRef & { path: string })[];
  models: ModelEntry[];
  examples: Example[];
  /** The gallery's picture of the demo; absent, it takes one of an example. */
  thumbnail?: FileRef;
  runtime: Runtime;
}

// ------------------------------------------------------------------------------------- values on the wire

/**
 * Three bytes a pixel, red green blue, row by row; upright, alpha already laid over white. An Image's answer with
 * something transparent in it has four, and so has what goes to an Image with `image_mode="RGBA"`.
 */
export interface ImagePayload { width: number; height: number; data: Uint8Array }

/** Strokes as RGBA (height, width, 4), and the picture that they are drawn upon as RGB (height, width, 3). */
export interface SketchPayload { width: number; height: number; data: Uint8Array; background: Uint8Array | null }

/** A place on a picture: a box in its pixels, or a mask of its size, one byte a pixel (in bundle.json a PNG of its colour). */
export interface Annotation {
  label: string;
  color: string;
  box?: [x1: number, y1: number, x2: number, y2: number];
  mask?: Uint8Array | { file: FileRef };
}

export interface AnnotatedImagePayload { image: ImagePayload; annotations: Annotation[] }

/** Sixteen bits a sample, the channels of one instant side by side; `rate` in Hz. */
export interface AudioPayload { rate: number; channels: number; data: Int16Array }

/** A y that is null or NaN leaves a gap. */
export interface LinePlotPayload { series: { name: string; x: ArrayLike<number>; y: ArrayLike<number | null> }[] }

export interface LabelPayload { label: string; confidences: { label: string; confidence: number }[] | null }

/** A message beside the answer, text alone; after so many seconds it goes, with 0 when the next call begins. */
export interface Notice { kind: "info" | "success" | "warning"; title: string; message: string; seconds: number }

/** What a component gives to Python and gets from it: JSON values and typed arrays, nothing else. */
export type Payload = any;

// ------------------------------------------------------------------------------------------ page to worker

export type Request =
  | { type: "open"; id: number; bundle: Bundle; /** Absolute URL of bundle.json's folder. */ base: string;
      /** To the models' worker; absent where the demo has no model. */ models?: MessagePort }
  | { type: "predict"; id: number; inputs: Payload[]; /** Forget what State components kept. */ fresh: boolean }
  /** Stops the call `target` at its next step; its answer is an error named `cancelled`. */
  | { type: "cancel"; id: number; target: number }
  | { type: "use-backend"; id: number; backend: BackendId; /** Whether to time it, at the size of the demo's calls. */ timed: boolean }
  /** Runs an edited demo.py in place of the bundle's. */
  | { type: "edit"; id: number; source: string };

export interface OpenOptions {
  /** Take this backend and no other; from `?backend=`. */
  backend?: BackendId;
  /** Where threads can be had; 1 otherwise. */
  threads?: number;
}

// ------------------------------------------------------------------------------------------ worker to page

export type Response =
  | { type: "ready"; id: number; status: Status }
  | { type: "partial"; id: number; outputs: Payload[] }
  /** How far the call is, where the maker's function tells by a Progress; the outermost level first. */
  | { type: "step"; id: number; levels: Level[] }
  /** What the maker's function tells by Info, Success or Warning. */
  | { type: "notice"; id: number; notice: Notice }
  | { type: "result"; id: number; outputs: Payload[]; /** Python and model together. */ milliseconds: number; status: Status }
  /** The answer to `edit`: the interface that the edited source builds. */
  | { type: "edited"; id: number; interface: InterfaceConfig }
  | { type: "done"; id: number; status: Status }
  | { type: "error"; id: number; error: Fault }
  | { type: "progress"; progress: Progress }
  | { type: "status"; status: Status }
  | { type: "print"; stream: "stdout" | "stderr"; text: string };

// --------------------------------------------------------------------- page and Python's worker to the models' worker

/** The page's only message to it. What it reports to the page in turn is `progress`. */
export interface ModelsOpen { bundle: Bundle; base: string; options: OpenOptions; /** To Python's worker. */ port: MessagePort }

/** An output that stays where it was computed, by a number. */
export interface HeldRef { dtype: DType; shape: number[]; held: number }

/** From Python's worker, over a `Line`. */
export type ModelsRequest =
  /** Answered when a backend is right. */
  | { type: "started" }
  /** The last byte of Python's files has come, or won't: the line is the models'. */
  | { type: "line-free" }
  | { type: "run"; model: string; feeds: Record<string, Tensor | HeldRef>; /** Outputs to answer as HeldRef. */ keep: string[] }
  | { type: "use-backend"; backend: BackendId; timed: boolean }
  /** Times the backend that was not tried yet, and takes it if it is right and faster. */
  | { type: "try-other" }
  /** Keeps files on the device; answered with the bytes that found no room. */
  | { type: "save" }
  | { type: "forget" }
  /** Answered with a Tensor. */
  | { type: "read"; held: number }
  | { type: "release"; held: number };

/** The part of a Status that is about models. */
export type ModelsState = Pick<Status, "variant" | "threads" | "cosine" | "milliseconds" | "backends" | "bytes"> & { backend: BackendId | null };

/** To Python's worker, over the same line. */
export type ModelsNews =
  /** Comes before every answer that rests on it; `news` where the page is to hear of it now. */
  | { type: "state"; state: ModelsState; news: boolean }
  /** Answered when nobody has asked for anything for a while. */
  | { type: "quiet" };

export type Stage = "download" | "integrity" | "python" | "model" | "memory" | "device lost" | "input" | "cancelled";

export interface Fault {
  /** The class of the error: `IntegrityError`, `ValueError` of the maker's Python. */
  name: string;
  /** What happened, with which value, where. */
  message: string;
  stage: Stage;
  /** What the visitor can do next. */
  hint: string;
  /** The maker's Python traceback, where there is one. */
  traceback?: string;
}

/** How far one loop of a call is, or what the function says beside its loops. */
export interface Level {
  /** The maker's words; may be empty. */
  desc: string;
  /** Steps, in `unit`; null where the maker gives a share alone, and `total` where nobody knows it. */
  done: number | null;
  total: number | null;
  unit: string;
  /** From 0 to 1; null where it is not known. */
  share: number | null;
}

export interface Progress {
  /** What is being loaded, in words: "model", "Python", "onnxruntime". */
  what: string;
  loaded: number;
  total: number;
  /** Which worker loads it. */
  worker: "python" | "models";
  /** Of all downloads of that worker together, in bytes a second over the last seconds; absent where nothing is known yet. */
  rate?: number;
}

export interface BackendReport {
  id: BackendId;
  variant: string;
  /** `ok`: right on this device. `wrong`: it ran and its numbers missed. `failed`: it did not run. */
  state: "ok" | "wrong" | "failed" | "untried";
  /** Against PyTorch, the lowest over all models and golden calls; null before it ran. */
  cosine: number | null;
  /** Against native onnxruntime's outputs of the same variant. */
  relative_error: number | null;
  /** Of the golden calls, medians; of an answer's calls once it was timed; null before they ran. */
  milliseconds: number | null;
  /** Why it is not used, in a sentence, perhaps of an earlier visit; empty when it is right and not slower. */
  reason: string;
}

/** How Python came to this page. */
export interface PythonStart {
  /** `snapshot`: from memory that this device kept on an earlier visit. */
  from: "files" | "snapshot";
  /** Why a kept snapshot could not be used on this visit and was dropped; empty otherwise. */
  dropped: string;
}

export interface Status {
  state: "loading" | "ready" | "failed";
  /** `python` where the demo has no model. */
  backend: BackendId | "python" | null;
  variant: string | null;
  threads: number;
  /** Against PyTorch, measured on this device; null without a model. */
  cosine: number | null;
  /** Of the last call; before the first, of the golden calls. */
  milliseconds: number | null;
  /** On the wire, so far: read from the network or the device's cache. */
  bytes: number;
  /** Absent until Python has started. */
  python?: PythonStart;
  /**
   * Whether this device keeps the files for the next visit: `full` where it has no room for them, `blocked` where the
   * browser gives no storage. Absent until it is known.
   */
  storage?: "kept" | "full" | "blocked";
  backends: BackendReport[];
}
