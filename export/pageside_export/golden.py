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
class Golden(Call):
    """A call that is as small as notices a fault."""

    #: The inputs' shapes in a call of the demo, where the calls are larger than this one: times are taken at that size.
    usual: dict[str, tuple[int, ...]] | None = None


def example_call(built: Built) -> Call:
    """The module's own example inputs with PyTorch's answer."""
    feeds = {name: np.array(value.numpy()) for name, value in built.inputs.items()}
    return Call(feeds, built.run(feeds))


def golden_calls(calls: Sequence[Call], built: Built, options: ExportOptions) -> list[Golden]:
    """The calls that differ most, with few rows.

    Where each is too large to download, as with pictures, it is the module's own example.
    """
    small = [call for call in calls if download(call) <= options.golden_bytes]
    golden = [_with_few_rows(call, built) for call in distinct(small, options.golden_calls)]
    golden = golden or [_smallest(calls, built)]
    while len(golden) > 1 and sum(download(call) for call in golden) > GOLDEN_TOGETHER:
        golden.pop()
    return golden


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


def _smallest(calls: Sequence[Call], built: Built) -> Golden:
    """Of the calls and the module's own example, with the size of the call in the middle if the module takes that."""
    one = min((*calls, example_call(built)), key=download)
    if not calls:
        return Golden(one.inputs, one.outputs)
    middle = sorted(calls, key=download)[len(calls) // 2]
    usual = _other_shapes(one, middle)
    try:
        built.run(at_size(one.inputs, usual))
    except Exception:  # of any kind: what an input says may not go with such sizes
        usual = {}
    return Golden(one.inputs, one.outputs, usual or None)


def _other_shapes(call: Call, larger: Call) -> dict[str, tuple[int, ...]]:
    """Shapes of the other call's inputs where they are not this one's, which has something along each axis."""
    shapes = {name: value.shape for name, value in larger.inputs.items() if value.shape != call.inputs[name].shape}
    return shapes if all(call.inputs[name].size for name in shapes) else {}


def _with_few_rows(call: Call, built: Built) -> Golden:
    """The first and the last rows alone, if PyTorch answers those as it did among the others."""
    whole = Golden(call.inputs, call.outputs)
    cut = _inputs_of_rows(built)
    arrays = [*(call.inputs[name] for name in cut), *call.outputs.values()]
    counts = {len(value) if value.ndim else 0 for value in arrays}
    if not cut or len(counts) != 1 or (rows := counts.pop()) <= GOLDEN_ROWS:
        return whole
    kept = np.r_[0, rows - GOLDEN_ROWS + 1 : rows]
    inputs = {name: value[kept] if name in cut else value for name, value in call.inputs.items()}
    try:
        outputs = built.run(inputs)
    except Exception:  # of any kind: a module may count on its rows
        return whole
    alone = {name: value[kept] for name, value in call.outputs.items()}
    few = Call(inputs, outputs)
    return Golden(inputs, outputs, _other_shapes(few, call)) if _equal(alone, outputs) else whole


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
