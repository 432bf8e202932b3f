"""What model.py may have beside `build()`: `calibration()`, inputs to measure on, and `score()`, the task's own metric.

`calibration()` gives an iterable of inputs in the forms that build() gives its example in, as tensors or NumPy arrays.
With a `score(outputs, targets)` beside it each item is a pair `(inputs, targets)`; targets are the maker's own and go
to score() as they are. score() gets one output as an array and several as a dict of arrays, in NumPy, and returns a
number: the larger, the better. The hooks of `build_encoder` are `calibration_encoder` and `score_encoder`.
"""

from __future__ import annotations

import inspect
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pageside_export import trees
from pageside_export.errors import BuildError
from pageside_export.modules import Arrays, Built, described, resolve
from pageside_export.places import maker_place, shown
from pageside_export.verify import Call, not_finite

Build = str | Callable[..., Any]
Score = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Hooks:
    """The calls of calibration() with PyTorch's answers, and what score() says of answers to them."""

    calls: list[Call] = field(default_factory=list)
    #: One for each call, where there is a score().
    targets: list[Any] = field(default_factory=list)
    score: Score | None = None
    #: `file:line` of score().
    where: str = ""

    def scored(self, answers: Sequence[Arrays]) -> float | None:
        """The mean score of answers to `calls`; None without a score(). Raises BuildError."""
        if self.score is None:
            return None
        return float(np.mean([self._one(*pair) for pair in zip(answers, self.targets, strict=True)]))

    def _one(self, outputs: Arrays, targets: Any) -> float:
        assert self.score is not None
        given = next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs)
        try:
            value = float(self.score(given, targets))
        except Exception as error:
            raise _failed(error, "score()", self.where) from error
        if not math.isfinite(value):
            raise BuildError(f"score() gave {value}", self.where, "return a finite number, the larger the better")
        return value


def collect(build: Build, built: Built, limit: int) -> Hooks:
    """At most `limit` calls of a model's hooks; must run inside the demo's scope. BuildError where a hook is wrong."""
    calibration, score = _hook(build, built.name, "calibration"), _hook(build, built.name, "score")
    if calibration is None:
        if score is not None:
            todo = "write calibration(), which yields pairs (inputs, targets)"
            raise BuildError("there is a score() and no calibration() to score on", _where(score), todo)
        return Hooks()
    where = _where(calibration)
    items = _items(calibration, where, limit)
    pairs = (
        [_pair(item, number, where) for number, item in enumerate(items, 1)]
        if score
        else [(one, None) for one in items]
    )
    inputs = [_inputs(given, built, (number, where)) for number, (given, _) in enumerate(pairs, 1)]
    calls = [_call(built, arrays, (number, where)) for number, arrays in enumerate(inputs, 1)]
    if problem := not_finite(calls):
        raise BuildError(f"calibration(): {problem}", where, "give inputs that the model can take")
    targets = [target for _, target in pairs] if score else []
    return Hooks(calls, targets, score, _where(score) if score else "")


def _hook(build: Build, model: str, name: str) -> Callable[..., Any] | None:
    """The function beside build() that is named like it, with `name` in place of "build"."""
    function, _ = resolve(build, model)
    own = getattr(function, "__name__", "")
    if "build" not in own:
        return None
    module = sys.modules.get(getattr(function, "__module__", ""))
    names = getattr(function, "__globals__", None) or vars(module or object)
    found = names.get(own.replace("build", name))
    return found if inspect.isfunction(found) else None


def _items(calibration: Callable[..., Any], where: str, limit: int) -> list[Any]:
    try:
        result = calibration()
        if not isinstance(result, Iterable) or isinstance(result, Mapping | Tensor | np.ndarray | str):
            todo = "return a list of inputs, or yield them"
            raise BuildError(f"calibration() gave {described(result)}", where, todo)
        items = list(itertools.islice(result, limit))
    except BuildError:
        raise
    except Exception as error:
        raise _failed(error, "calibration()", where) from error
    if not items:
        raise BuildError("calibration() gave nothing", where, "yield at least one input, or take the function out")
    return items


def _pair(item: Any, number: int, where: str) -> tuple[Any, Any]:
    if isinstance(item, tuple | list) and len(item) == 2:
        return item[0], item[1]
    what = f"item {number} of calibration() is no pair, and there is a score()"
    raise BuildError(what, where, "yield (inputs, targets)")


def _inputs(given: Any, built: Built, place: tuple[int, str]) -> Arrays:
    """Arrays by input name, held against build()'s example."""
    number, where = place
    values = list(given) if isinstance(given, tuple | list) else [given]
    if isinstance(given, Mapping):
        named = _flat(given)
    elif len(values) == len(built.kwargs):
        named = _flat(dict(zip(built.kwargs, values, strict=True)))
    else:
        named = dict(zip(built.inputs, values, strict=False))
    wrong = [name for name in named if name not in built.inputs] or [name for name in built.inputs if name not in named]
    if wrong or (not isinstance(given, Mapping) and len(values) not in (len(built.inputs), len(built.kwargs))):
        got = f"{', '.join(map(str, named)) or 'nothing'}" if isinstance(given, Mapping) else f"{len(values)} values"
        what = f"item {number} of calibration() gives {got}"
        raise BuildError(what, where, f"the inputs are {', '.join(built.inputs)}")
    return {name: _input(named[name], built, (name, *place)) for name in built.inputs}


def _flat(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays by their paths, as `trees.flatten` names them; constants are left out."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, trees.CONSTANTS):
            continue
        parts = trees.children(value)
        found.update({name: value} if parts is None else _flat({f"{name}.{key}": part for key, part in parts}))
    return found


def _input(value: Any, built: Built, place: tuple[str, int, str]) -> NDArray[Any]:
    name, number, where = place
    example = built.inputs[name]
    dtype = np.dtype(str(example.dtype).removeprefix("torch."))
    try:
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    what = f"input {name!r} of item {number} of calibration() is {array.dtype}{list(array.shape)}"
    if array.dtype.kind != dtype.kind:
        raise BuildError(what, where, f"build()'s example is {dtype}{list(example.shape)}")
    free = built.dynamic_shapes.get(name, {})
    same = [axis in free or size == example.shape[axis] for axis, size in enumerate(array.shape[: example.dim()])]
    if array.ndim != example.dim() or not all(same):
        todo = f"build()'s example is {dtype}{list(example.shape)}; only axes named in dynamic_shapes may differ"
        raise BuildError(what, where, todo)
    return np.array(array, dtype)


def _call(built: Built, inputs: Arrays, place: tuple[int, str]) -> Call:
    try:
        return Call(inputs, built.run(inputs))
    except Exception as error:
        raise _failed(error, f"forward() with item {place[0]} of calibration()", place[1]) from error


def _where(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{shown(Path(code.co_filename))}:{code.co_firstlineno}"


def _failed(error: Exception, what: str, where: str) -> BuildError:
    first = str(error).strip().partition("\n")[0]
    text = f"{what} failed: {type(error).__name__}: {first}".rstrip(": ")
    return BuildError(text, maker_place(error) or where, "--debug shows the traceback")
