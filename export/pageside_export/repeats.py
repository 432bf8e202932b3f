"""Whether forward() gives one answer to one input. What draws numbers or keeps state can be right in one call only."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pageside_export.errors import BuildError
from pageside_export.places import is_maker_file, place
from pageside_export.verify import FLOAT_TOLERANCE, Measurement, compare, misses

Outputs = Mapping[str, Tensor]


def check(module: nn.Module, call: Callable[[], Outputs], first: Outputs, where: str) -> None:
    """Calls once more. Raises BuildError where the answer is another, with what changed it and the maker's line."""
    before = _marks(module)
    name = _differing(first, call())
    if not name:
        return
    changed = [mark for mark, value in _marks(module).items() if before.get(mark) != value]
    what = f"forward() gave another {name!r} when it was called again with the same inputs: "
    line = _line(module, call, changed) or where
    if buffers := [mark for mark in changed if mark != _RANDOM]:
        todo = "take the state as an input and return the new one, as an RNN does"
        raise BuildError(f"{what}it changes its own {buffers[0]!r}", line, todo)
    if changed:
        todo = "take the noise as an input, or use nn.Dropout, which eval() switches off"
        raise BuildError(f"{what}it draws random numbers", line, todo)
    raise BuildError(f"{what}it keeps something from call to call", line, "let it depend on its inputs alone")


_RANDOM = ""


def _marks(module: nn.Module) -> dict[str, Any]:
    """What tells that something changed: a tensor's version and identity by its name, and the generator's state."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    marks: dict[str, Any] = {name: (id(value), value._version) for name, value in tensors.items()}
    return {**marks, _RANDOM: torch.random.get_rng_state().numpy().tobytes()}


def _differing(first: Outputs, second: Outputs) -> str:
    """The first output that is another one, by more than the order of a sum; empty if none is."""
    if list(first) != list(second):
        return next(iter({*first} ^ {*second}), next(iter(first)))
    for name in first:
        one, other = (value.detach().cpu().numpy() for value in (first[name], second[name]))
        if np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            continue
        if misses(Measurement([compare({name: one}, {name: other})]), FLOAT_TOLERANCE):
            return name
    return ""


class _Watch(TorchFunctionMode):
    """Keeps the maker's line at the first function of torch that changed one of the marks."""

    def __init__(self, module: nn.Module, marks: list[str]) -> None:
        super().__init__()
        self._module, self._names = module, marks
        self._before = self._now()
        self.line = ""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if not self.line and self._now() != self._before:
            mine = [(one.filename, one.lineno or 0) for one in traceback.extract_stack() if is_maker_file(one.filename)]
            self.line = place(*mine[-1]) if mine else ""
        return result

    def _now(self) -> list[Any]:
        marks = _marks(self._module)
        return [marks.get(name) for name in self._names]


def _line(module: nn.Module, call: Callable[[], Outputs], marks: list[str]) -> str:
    if not marks:
        return ""
    watch = _Watch(module, marks)
    with watch:
        call()
    return watch.line
