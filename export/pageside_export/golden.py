"""A model's golden calls: recorded calls that a device answers rightly before a visitor sees an answer of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pageside_export.modules import Built
from pageside_export.options import GOLDEN_ROWS, GOLDEN_TOGETHER, ExportOptions
from pageside_export.verify import Arrays, Call, compare, distinct

#: Of the largest absolute value: what a row's own numbers may change by when other rows are not there.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Usual:
    """How the demo uses a model, for times like a visitor's: golden calls are as small as notices a fault."""

    #: How often an answer runs it, on average over the examples.
    calls: float
    #: Of the inputs in a call of mean size, where the first golden call's are others.
    shapes: dict[str, tuple[int, ...]]


def example_call(built: Built) -> Call:
    """The module's own example inputs with PyTorch's answer."""
    feeds = {name: np.array(value.numpy()) for name, value in built.inputs.items()}
    return Call(feeds, built.run(feeds))


def golden_calls(calls: Sequence[Call], built: Built, options: ExportOptions) -> list[Call]:
    """The calls that differ most, with few rows.

    Where each is too large to download, as with pictures, it is the module's own example.
    """
    small = [call for call in calls if download(call) <= options.golden_bytes]
    chosen = distinct(small, options.golden_calls) or [min((*calls, example_call(built)), key=download)]
    golden = [_with_few_rows(call, built) for call in chosen]
    while len(golden) > 1 and sum(download(call) for call in golden) > GOLDEN_TOGETHER:
        golden.pop()
    return golden


def usual(calls: Sequence[Call], golden: Call, built: Built, examples: int) -> Usual:
    """What the calls that `examples` examples made of a model have in common; `golden` is the first golden call."""
    if not calls:
        return Usual(1, {})
    mean = sum(download(call) for call in calls) / len(calls)
    nearest = min(calls, key=lambda call: abs(download(call) - mean))
    given = golden.inputs
    shapes = {name: value.shape for name, value in nearest.inputs.items() if value.shape != given[name].shape}
    try:
        if shapes:
            built.run(at_size(given, shapes))
    except Exception:  # of any kind: what an input says may not go with such sizes, and nothing can be repeated
        shapes = {}
    return Usual(len(calls) / examples, shapes)


def download(call: Call) -> int:
    """Bytes of a golden call: its inputs, PyTorch's outputs, and those of a variant."""
    given, answered = (sum(array.nbytes for array in arrays.values()) for arrays in (call.inputs, call.outputs))
    return given + 2 * answered


def at_size(inputs: Arrays, shapes: dict[str, tuple[int, ...]]) -> Arrays:
    """Arrays of these shapes with what the inputs hold, again and again along each axis: `atUsualSize` in the page."""
    turns = {
        name: np.ix_(*(np.arange(size) % inputs[name].shape[axis] for axis, size in enumerate(shape)))
        for name, shape in shapes.items()
    }
    return {**inputs, **{name: inputs[name][turn] for name, turn in turns.items()}}


def _with_few_rows(whole: Call, built: Built) -> Call:
    """The first and the last rows alone, if PyTorch answers those as it did among the others."""
    cut = _inputs_of_rows(built)
    arrays = [*(whole.inputs[name] for name in cut), *whole.outputs.values()]
    counts = {len(value) if value.ndim else 0 for value in arrays}
    if not cut or len(counts) != 1 or (rows := counts.pop()) <= GOLDEN_ROWS:
        return whole
    kept = np.r_[0, rows - GOLDEN_ROWS + 1 : rows]
    inputs = {name: value[kept] if name in cut else value for name, value in whole.inputs.items()}
    try:
        outputs = built.run(inputs)
    except Exception:  # of any kind: a module may count on its rows
        return whole
    alone = {name: value[kept] for name, value in whole.outputs.items()}
    return Call(inputs, outputs) if _equal(alone, outputs) else whole


def _inputs_of_rows(built: Built) -> set[str]:
    """The inputs whose first axis, and no other, has the one name that first axes have."""
    axes = built.dynamic_shapes
    first = {named[0] for named in axes.values() if 0 in named}
    later = {name for named in axes.values() for axis, name in named.items() if axis}
    return {name for name, named in axes.items() if 0 in named} if len(first) == 1 and not first & later else set()


def _equal(alone: Arrays, outputs: Arrays) -> bool:
    """Up to rounding; integers and booleans exactly."""
    errors = compare(alone, outputs)
    return all(one.finite and one.largest <= _ROUNDING and one.equal in (None, 1) for one in errors)
