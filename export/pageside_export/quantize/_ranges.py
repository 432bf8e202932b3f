"""The smallest and largest value that each inner value of a model takes on calibration data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray

from pageside_export.quantize import Given

#: Values in view at a time: all of a deep net's at once could fill the memory.
AT_ONCE = 64

#: Ranges settle after few calls.
CALLS = 16

Ranges = dict[str, tuple[float, float]]


def measure(model: onnx.ModelProto, given: Given) -> Ranges:
    """By name; values that are no floats or have no elements are left out."""
    found: Ranges = {}
    for name, array in _seen(model, given, [name for node in model.graph.node for name in node.output if name]):
        low, high = found.get(name, (np.inf, -np.inf))
        found[name] = (min(low, float(np.nanmin(array))), max(high, float(np.nanmax(array))))
    return found


def channels(model: onnx.ModelProto, given: Given, names: list[str]) -> dict[str, NDArray[np.float32]]:
    """By name the largest absolute value of each element of the last axis."""
    found: dict[str, NDArray[np.float32]] = {}
    for name, array in _seen(model, given, names):
        largest = np.abs(array).reshape(-1, array.shape[-1]).max(axis=0)
        found[name] = np.maximum(found.get(name, largest), largest)
    return found


def _seen(model: onnx.ModelProto, given: Given, names: list[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each of these values on each call, where it is floats and not empty."""
    for some in _groups(names):
        session = given.session(_in_view(model, some), {"session.disable_quant_qdq": "1"})
        for inputs in given.calibration[:CALLS]:
            for name, array in (session.run(inputs) | inputs).items():
                if name in some and isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.size:
                    yield name, array


def _in_view(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {value.name for values in (copy.graph.input, copy.graph.output) for value in values}
    # onnxruntime infers type and shape; a name is enough.
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    return copy


def _groups(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
