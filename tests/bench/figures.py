"""The budgets of the design, what a naive page took in a trial, and why a budget is missed where it is."""

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Budget:
    """A row of the table. `limit` in `unit`, None for a figure without a budget."""

    what: str
    unit: str
    limit: float | None = None
    #: Of the trial before this project, with another page; None where it has no such figure.
    naive: str = ""


BUDGETS: dict[str, Budget] = {
    "shell_loaded": Budget(
        "page shell: HTML, CSS and our JS that the page of `classify-photo` loads for its first prediction, gzipped",
        "kB",
        120,
    ),
    "shell_bytes": Budget("all of them, with every component, of which a page loads its own", "kB"),
    "on_screen": Budget("interface and example answers on screen, cold, localhost", "s", 0.7),
    "wire_bytes": Budget("wire bytes to the first own prediction, cold", "MB", 13, "36 MB"),
    "first_cold": Budget("first own prediction, cold, localhost", "s", 3.0, "4.4 s (sentence embedding)"),
    "first_reload": Budget("first own prediction, reload, localhost", "s", 1.2, "4.0 s (sentence embedding)"),
    "first_cold_line": Budget(
        "first own prediction, cold, 50 Mbit/s and 20 ms", "s", 4.5, "13.5 s (sentence embedding, 55 MB)"
    ),
    "call_ratio_2": Budget(
        "one call, Python included, against native onnxruntime fp32, 2 threads each", "times", 2.5, "3.0 times"
    ),
    "call_ratio": Budget("the same, 1 thread each", "times", 2.5),
    "python_ms": Budget("Python before and after the model, 1 thread", "ms", 10),
    "long_task_ms": Budget("longest task on the main thread while loading and predicting", "ms", 50),
    "phone_extra_ms": Budget("a photo of 12 megapixels, on top of a small one", "ms", 150),
    "stop_ms": Budget("from Stop to the end of a generator's call with steps of 20 ms", "ms", 100),
    "probe_ms": Budget("the probe of what the device has: its WebGPU adapter, here a software GPU", "ms", 50),
    "call_2_ms": Budget("one call in the page, Python included, WASM, 2 threads", "ms"),
    "model_2_ms": Budget("the model alone in the page, WASM, 2 threads", "ms", None, "26 ms (fp32)"),
    "native_2_ms": Budget("the model in native onnxruntime fp32, 2 threads", "ms", None, "8.7 ms"),
    "model_ratio_2": Budget("the model alone, page against native, 2 threads", "times"),
    "call_ms": Budget("one call in the page, Python included, WASM, 1 thread", "ms"),
    "model_ms": Budget("the model alone in the page, WASM, 1 thread", "ms", None, "47 ms (fp32)"),
    "native_ms": Budget("the model in native onnxruntime fp32, 1 thread", "ms"),
    "model_ratio": Budget("the model alone, page against native, 1 thread", "times"),
    "bare_2_ms": Budget("the model in bare onnxruntime-web, its fastest call, 2 threads", "ms"),
    "bare_ms": Budget("the model in bare onnxruntime-web, its fastest call, 1 thread", "ms"),
    "plain_2_ms": Budget("the model in native onnxruntime fp32 without NCHWc, 2 threads", "ms"),
    "plain_ms": Budget("the model in native onnxruntime fp32 without NCHWc, 1 thread", "ms"),
    "webgpu_ms": Budget("one call in the page, WebGPU on a software GPU", "ms", None, "about 4 s"),
    "digit_ms": Budget("`read-digit`, one answer while drawing (30 a second), 1 thread", "ms", 33.3),
    "digit_early": Budget("of it, answers in the very first second, while the browser compiles", "answers"),
    "face_ms": Budget("`find-faces`, one frame of 640 pixels (4 a second), 1 thread", "ms", 250),
    "paint_ms": Budget("`paint-photo`, a picture of 256 pixels, 1 thread", "ms", 1000),
    "pitch_ms": Budget("`track-pitch`, a second of sound (3 times faster than it lasts), 1 thread", "ms", 333),
    "speech_ms": Budget("`find-speech`, a second of sound (3 times faster than it lasts), 1 thread", "ms", 333),
    "greet_cold": Budget("first own answer of plain Python, cold, localhost", "s"),
    "line_seconds": Budget("of that line, what the bytes alone take", "s"),
}
BUDGETS |= {
    f"minilm_{what}_{key}_ratio": Budget(
        f"MiniLM, {words}, against {whose}", "times", None if key == "naive" else limit
    )
    for key, whose in (
        ("same", "transformers.js with the same weights"),
        ("peer", "transformers.js with q8 weights"),
        ("naive", "a naive Pyodide page with q8 weights"),
    )
    for what, words, limit in (
        ("cold", "first answer, cold, localhost", 1),
        ("warm", "first answer, second visit, localhost", None),
        ("line", "first answer, cold, 50 Mbit/s and 20 ms", 0.6),
        ("call_ms", "one call, 2 threads each", 0.75),
    )
}
BUDGETS |= {
    f"{key}_{what}": Budget(f"{whose}: {words}", unit)
    for what, words, unit in (
        ("cold", "first answer, cold, localhost", "s"),
        ("warm", "first answer, second visit, localhost", "s"),
        ("line", "first answer, cold, 50 Mbit/s and 20 ms", "s"),
        ("call_ms", "one call, a question and a passage, WASM, 2 threads", "ms"),
        ("bare_ms", "its model in bare onnxruntime-web, its fastest call, 2 threads", "ms"),
        ("bytes", "wire bytes to the first answer, cold", "MB"),
        ("memory", "memory after the calls, all of the page and its workers", "MB"),
        ("long_task_ms", "longest task on the main thread until the first answer", "ms"),
    )
    for key, whose in (
        ("minilm", "the page of `search-text`"),
        ("same", "transformers.js, same weights"),
        ("peer", "transformers.js, q8"),
        ("naive", "a naive Pyodide page, q8"),
    )
}

WHERE_A_CALL_GOES = (
    "Native onnxruntime multiplies sixteen floats at once on this processor (AVX-512) and keeps convolutions in a "
    "layout of its own (NCHWc; without it native takes the time of the rows that say so). WebAssembly multiplies four, "
    "or eight integers of sixteen bits, and so does the page (decisions 42 and 45): the rows of bare onnxruntime-web "
    "say what a page takes without our kernels. Depthwise convolutions, the packing for each call and Python, which "
    "one thread does alone, are what is left."
)

START_OF_PYTHON = "Beside onnxruntime-web a page starts Python and numpy, and runs the golden calls before it answers."

# Shown only where the budget is missed.
REASONS: dict[str, str] = {
    "wire_bytes": "Nearly all of it is onnxruntime-web's CPU build, Python with numpy, and the quantized weights.",
    "first_cold": (
        "Python's start (1.5 s, compiled ahead of the visit) and onnxruntime-web's (its WebAssembly is compiled, then "
        "three golden calls) share two cores."
    ),
    "first_reload": (
        "Nothing is downloaded and Python comes from a snapshot of its memory; more than half of the time is "
        "onnxruntime-web, whose WebAssembly is compiled anew, and the golden calls."
    ),
    "first_cold_line": "The bytes alone take the time of the last row; Python still has to start after them.",
    "call_ratio_2": WHERE_A_CALL_GOES,
    "call_ratio": "As above.",
    "minilm_cold_same_ratio": START_OF_PYTHON,
    "minilm_cold_peer_ratio": START_OF_PYTHON,
    "minilm_line_peer_ratio": (
        "The weights, nearly ten bits each and eight in the other, are most of the bytes; then the page takes what it "
        "takes at localhost."
    ),
    "minilm_call_ms_same_ratio": (
        "Our kernels save a third of onnxruntime's time; of that, Python and the messages between page, Python and "
        "model take 2.6 ms."
    ),
    "minilm_call_ms_peer_ratio": (
        "The other multiplies in int8, the page in sixteen bits, since its int8 finds PyTorch's five nearest passages "
        "for 207 questions of 250 and the page's `int12_weights` for 243 (decision 13). On top come Python and the "
        "messages between page, Python and model (2.6 ms)."
    ),
    "python_ms": "Resizing and scaling the picture in numpy is the larger part; in WebAssembly numpy has no SIMD.",
    "digit_ms": "Python in WebAssembly is most of it, on cores that the browser's own processes share.",
    "long_task_ms": "The worker's threads take the cores while the page's thread draws and decodes the picture.",
    "phone_extra_ms": "Reading, decoding and reducing 12 million pixels, on cores that the worker shares.",
    "on_screen": "The start of the browser's process for the page shares the cores with its first paint.",
}


@dataclass
class Figure:
    """The runs of one row, in the budget's unit."""

    runs: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.runs)


Figures = dict[str, Figure]
