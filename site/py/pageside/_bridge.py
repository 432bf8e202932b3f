"""What the page's worker calls. The only file that imports `js` or `pyodide`; loaded in the page alone.

The worker calls `open_demo` once, then `call`, `begin`, `cancel` and `edit`; `format_error` describes what they raised.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from types import ModuleType

import js  # noqa: TID251
import numpy as np
from pyodide.ffi import JsException, to_js  # noqa: TID251

from pageside import _calls, engine, interface, model
from pageside._errors import Error, InterfaceError, ModelError
from pageside._kept import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

    from pageside.engine import ModelSpecs
    from pageside.interface import Interface
    from pageside.model import Model

FILE = "demo.py"
# JavaScript has no array for these: they cross as what has the same bytes.
CARRIERS = {"float16": "uint16", "bool": "uint8"}
# Pyodide's matplotlib would have pyplot draw into the document, which a worker has not.
os.environ.setdefault("MPLBACKEND", "agg")


class PageEngine:
    """onnxruntime-web, by way of the worker's `run(name, feeds, keep) -> outputs`."""

    def __init__(self, models: Any, run: Any) -> None:
        self._specs = {name: _specs(entry) for name, entry in models.to_py().items()}
        self._run = run

    def specs(self, model: Model) -> ModelSpecs:
        """From the bundle. Raises ModelError for a model that an edit brought in."""
        if model.name not in self._specs:
            known = ", ".join(self._specs) or "none"
            raise ModelError(f"model {model.name!r} is not on this page, which has {known}; build the page again")
        return self._specs[model.name]

    async def run(self, model: Model, feeds: dict[str, np.ndarray | Kept]) -> dict[str, np.ndarray | Kept]:
        """One copy each way: out of Python's memory, which may move while the model runs, and back into it."""
        given = {name: _to_tensor(value) for name, value in feeds.items()}
        outputs = await self._run(model.name, _to_js(given), to_js(list(model.keep)))
        return {
            name: _from_held(tensor) if name in model.keep else _from_tensor(tensor)
            for name, tensor in outputs.object_entries()
        }


class Demo:
    """A demo.py that runs as `__main__`; `interface` is set when it has."""

    interface: Interface

    def __init__(self, folder: str, source: str) -> None:
        self.folder = folder
        self.path = os.path.join(folder, FILE)  # noqa: PTH118
        self.source = source
        # Of State components, from call to call.
        self.session: dict[int, Any] = {}
        self.module = ModuleType("__main__")
        self.module.__file__ = self.path

    def execute(self) -> None:
        """Run the source and choose its interface. Raises whatever the maker's code does."""
        self.show_source()
        model.clear()
        launched: list[Interface] = []
        interface.launch_hook = lambda started, options: launched.append(started)
        sys.modules["__main__"] = self.module
        try:
            exec(self._compiled(), vars(self.module))
        except SystemExit:
            raise InterfaceError(f"{FILE} called sys.exit(); a page can't end") from None
        self.interface = interface.choose(vars(self.module), launched, FILE)

    def _compiled(self) -> CodeType:
        try:
            return compile(self.source, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            # Python quotes the line from the file, which is not what was edited.
            lines = self.source.splitlines()
            if error.filename == self.path and error.lineno and error.lineno <= len(lines):
                error.text = lines[error.lineno - 1]
            raise

    def show_source(self) -> None:
        """Have tracebacks quote this source, which an edit keeps in memory alone."""
        import linecache

        linecache.cache[self.path] = (len(self.source), None, self.source.splitlines(keepends=True), self.path)


class Page:
    """The demo that answers, the calls that run, and the last failure."""

    def __init__(self) -> None:
        self.demo: Demo | None = None
        self.tasks: dict[Any, asyncio.Task[Any]] = {}
        self.failed: BaseException | None = None
        self.failure: dict[str, Any] = {}

    def show(self, demo: Demo) -> str:
        """Run a demo and let it answer; where it fails, the one before goes on answering."""
        before = self.demo
        try:
            demo.execute()
            config = demo.interface.get_config()
        except BaseException as error:
            self.record(error, demo)
            if before is not None:
                sys.modules["__main__"] = before.module
                before.show_source()
            raise
        self.demo = demo
        return _config_json(config)

    def record(self, error: BaseException, demo: Demo | None) -> None:
        """Describe a failure now, while the source that it happened in is the one that is quoted."""
        self.failure = _described(error, demo)
        # The worker reads it here for a promise too, for which Pyodide does not always set it.
        self.failed = error
        vars(sys)["last_exc"] = error

    def forget(self) -> None:
        """Let go of the last failure, whose frames hold the arrays of its call."""
        self.failed = None
        vars(sys)["last_exc"] = None


_page = Page()


def open_demo(folder: str, models: Any, run: Any) -> str:
    """Run `demo.py` of a folder and return its interface, InterfaceConfig of `protocol.d.ts`, as JSON.

    `models` is a JS object of model name to {inputs, outputs} (TensorSpecs); `run(name, feeds, keep)` is an async JS
    function from feeds to outputs, both {name: {dtype, shape, data}}, with `held` in place of `data` where an output is
    kept. Raises what the maker's code does, or InterfaceError.
    """
    engine.set_default(PageEngine(models, run))
    os.chdir(folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with open(FILE, encoding="utf-8") as file:  # noqa: PTH123
        source = file.read()
    return _page.show(Demo(folder, source))


def edit(source: str) -> str:
    """Run another source in place of demo.py; returns as `open_demo`. Where it raises, the one before still answers."""
    _page.forget()
    return _page.show(Demo(_opened().folder, source))


async def call(inputs: Any, emit: Any, call_id: Any = None, tell: Any = None, notify: Any = None) -> Any:
    """One call of the function: `inputs` is a JS array of payloads, the answer a JS array of payloads.

    For a generator `emit(outputs)` is called, and awaited, for each value that it yields; what `emit` raises ends the
    call. `cancel(call_id)` ends it at its next step. `tell(levels)` is called with what the function's Progress says,
    `notify(notice)` with what Info, Success and Warning do.
    """
    _page.forget()
    said = (lambda notice: notify(_to_js(notice))) if notify else None
    _calls.watched.set(_calls.Watched(lambda levels: tell(_to_js(levels)), said) if tell else None)
    if call_id is not None and (task := asyncio.current_task()) is not None:
        _page.tasks[call_id] = task
    try:
        return await _call(_opened(), inputs, emit)
    except SystemExit:
        error = Error("the demo called sys.exit() in place of returning an answer")
        _page.record(error, _page.demo)
        raise error from None
    except BaseException as error:
        _page.record(error, _page.demo)
        raise
    finally:
        _page.tasks.pop(call_id, None)


async def _call(demo: Demo, inputs: Any, emit: Any) -> Any:
    streams = demo.interface.get_config()["generator"]
    outputs: list[Any] | None = None
    async with aclosing(demo.interface.process(_from_js(inputs), demo.session)) as steps:
        async for outputs in steps:
            if streams and hasattr(waiting := emit(_to_js(outputs)), "__await__"):
                await waiting
    if outputs is None:
        raise InterfaceError("the function yielded nothing; a generator must yield at least one answer")
    return _to_js(outputs)


def begin() -> None:
    """The next call begins with the first values of its State components."""
    _opened().session.clear()


def cancel(call_id: Any) -> bool:
    """End a call at its next step; False where it does not run any more. Its promise is rejected, stage "cancelled"."""
    task = _page.tasks.get(call_id)
    return task is not None and task.cancel()


def format_error(error: BaseException | None = None) -> Any:
    """{name, message, stage, traceback?, js_error?} as a JS object, of the last failure here or of another exception.

    `js_error` is the worker's own error, where `run` or `emit` threw one and the maker's code let it through.
    """
    error = error or _page.failed
    if error is None or error is _page.failed:
        return _to_js(_page.failure)
    return _to_js(_described(error, _page.demo))


def _described(error: BaseException, demo: Demo | None) -> dict[str, Any]:
    from pageside._traceback import describe

    described = describe(error, demo.folder if demo else "")
    return {**described, "js_error": error.js_error} if isinstance(error, JsException) else described


def _opened() -> Demo:
    if _page.demo is None:
        raise InterfaceError("no demo is open")
    return _page.demo


def _config_json(config: dict[str, Any]) -> str:
    # The Markdown was made HTML by the build; an edit leaves it as it is.
    rest = {key: value for key, value in config.items() if key not in ("description", "article")}
    return str(js.JSON.stringify(_to_js({**rest, "description_html": "", "article_html": ""})))


def _specs(entry: dict[str, Any]) -> ModelSpecs:
    def tensors(specs: list[dict[str, Any]]) -> list[engine.TensorSpec]:
        return [engine.TensorSpec(spec["name"], spec["dtype"], tuple(spec["shape"])) for spec in specs]

    return engine.ModelSpecs(tensors(entry["inputs"]), tensors(entry["outputs"]))


def _to_tensor(array: np.ndarray | Kept) -> dict[str, Any]:
    if isinstance(array, Kept):
        return {"dtype": array.dtype, "shape": list(array.shape), "held": array.held}
    dtype = array.dtype.name
    flat = array.reshape(-1).view(CARRIERS.get(dtype, dtype))
    return {"dtype": dtype, "shape": list(array.shape), "data": flat}


def _from_tensor(tensor: Any) -> np.ndarray:
    out = np.empty(tuple(tensor.shape), tensor.dtype)
    data = tensor.data
    if data.byteLength != out.nbytes:
        raise ModelError(f"an output of {data.byteLength} bytes can't be {tensor.dtype} of shape {out.shape}")
    if out.nbytes:
        # As bytes, because Pyodide does not know every kind of array (Float16Array).
        js.Uint8Array.new(data.buffer, data.byteOffset, data.byteLength).assign_to(out.reshape(-1).view(np.uint8))
    return out


def _from_held(tensor: Any) -> Kept:
    held = tensor.held

    async def read() -> np.ndarray:
        return _from_tensor(await held.read())

    return Kept(str(tensor.dtype), tuple(tensor.shape), held, read=read, release=held.release)


def _to_js(value: dict[str, Any] | list[Any]) -> Any:
    """Plain objects, arrays, and typed arrays of their own memory, so that the worker can transfer them."""
    tree = to_js(value, dict_converter=js.Object.fromEntries, create_pyproxies=False)
    # Pyodide makes None undefined; JSON and our protocol say null.
    for *path, last in _nones(value):
        parent = tree
        for key in path:
            parent = js.Reflect.get(parent, str(key))
        js.Object.assign(parent, js.JSON.parse(f'{{"{last}":null}}'))
    return tree


def _nones(value: Any) -> Iterator[tuple[Any, ...]]:
    """The path of each None."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if item is None:
            yield (key,)
        for path in _nones(item):
            yield (key, *path)


def _from_js(value: Any) -> Any:
    return _with_arrays(value.to_py())


def _with_arrays(value: Any) -> Any:
    if isinstance(value, memoryview):
        return np.asarray(value)
    if isinstance(value, dict):
        return {key: _with_arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_arrays(item) for item in value]
    return value
