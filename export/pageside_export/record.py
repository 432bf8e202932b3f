"""Runs a demo's function: on its examples with PyTorch, which gives the golden calls, or on given values."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pageside import Error
from pageside.engine import Engine, use

from pageside_export import progress
from pageside_export.engines import RecordingEngine
from pageside_export.errors import LoadError, UserError
from pageside_export.loader import Demo
from pageside_export.places import maker_place, shown
from pageside_export.verify import Call

T = TypeVar("T")


@dataclass(frozen=True)
class Answered:
    """An example's payloads: what goes in and PyTorch's answer."""

    inputs: list[Any]
    outputs: list[Any]
    #: The maker's name for it.
    label: str = ""


@dataclass(frozen=True)
class Recorded:
    """All examples, answered, and the calls that they made of each model, by its name."""

    examples: list[Answered]
    calls: dict[str, list[Call]]


def record(demo: Demo, engine: Engine) -> Recorded:
    """Runs every example through the interface. UserError names the example that fails, and the maker's line."""
    recorder = RecordingEngine(engine)
    examples = []
    rows = list(zip(demo.interface.examples, demo.interface.example_labels, strict=True))
    before = set(demo.folder.iterdir())
    with progress.task(f"{demo.name}: examples in PyTorch", len(rows)) as task:
        for number, (row, label) in enumerate(rows, 1):
            examples.append(replace(_example(demo, recorder, number, row), label=label))
            task.advance()
    if left := sorted(path.name for path in set(demo.folder.iterdir()) - before if path.is_file()):
        what = f"its function left {', '.join(left)} in {shown(demo.folder)}, and the next build may ship that"
        progress.say(f"{demo.name}: {what}; delete it, and let the function write into tempfile.mkdtemp()")
    return Recorded(examples, recorder.calls)


def answer(demo: Demo, engine: Engine, payloads: list[Any]) -> list[Any]:
    """The last outputs of one call: a payload for each output component."""

    async def call() -> list[Any]:
        last: list[Any] = []
        with use(engine):
            async for outputs in demo.interface.process(payloads):
                last = outputs
        return last

    with demo.scope.active():
        return run_async(call())


def read_inputs(demo: Demo, row: list[Any], base: Path) -> list[Any]:
    """A payload for each input component; paths in `row` are relative to `base`."""
    with demo.scope.active():
        return [component.read_input(value, base) for component, value in zip(demo.interface.inputs, row, strict=True)]


def read_first(demo: Demo, component: Any) -> Any:
    """The payload of a component's `first_file`; its paths are relative to the demo. A fault of it is a UserError."""
    with _named(demo, f"the first value of {component.named()} failed: "), demo.scope.active():
        given = component.first_file
        return component.read_input(given() if callable(given) else given, demo.scope.folder)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(target,))
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _example(demo: Demo, engine: Engine, number: int, row: list[Any]) -> Answered:
    with _named(demo, f"example {number} failed: "):
        payloads = read_inputs(demo, row, demo.scope.folder / demo.interface.examples_folder)
        return Answered(payloads, answer(demo, engine, payloads))


def called(demo: Demo, engine: Engine, payloads: list[Any]) -> list[Any]:
    """As `answer`; a fault of the maker's function is a UserError with its line."""
    with _named(demo, ""):
        return answer(demo, engine, payloads)


@contextmanager
def _named(demo: Demo, what: str) -> Iterator[None]:
    """Exceptions of the maker's function as LoadErrors with the maker's line."""
    try:
        yield
    except UserError:
        raise
    except Error as error:
        todo = "mend the example or the function" if what else ""
        raise LoadError(f"{what}{error}", maker_place(error) or shown(demo.source), todo) from error
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        text = f"{what}{type(error).__name__}: {first}".rstrip(": ")
        place = maker_place(error) or shown(demo.source)
        raise LoadError(text, place, "--debug shows the traceback") from error
