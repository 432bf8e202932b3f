"""The smallest and largest value that each inner value of a model takes on calibration data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from pageside_export.quantize import Given

#: Values in view at a time: all of a deep net's at once could fill the memory.
AT_ONCE = 64

#: Ranges settle after few calls.
CALLS = 16

Ranges = dict[str, tuple[float, float]]


def measure(model: onnx.ModelProto, given: Given) -> Ranges:
    """By name; values that are no floats or have no elements are left out."""
    found: Ranges = {}
    for names in _groups([name for node in model.graph.node for name in node.output if name]):
        session = given.session(_in_view(model, names), {"session.disable_quant_qdq": "1"})
        for inputs in given.calibration[:CALLS]:
            for name, array in session.run(inputs).items():
                if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.size:
                    low, high = found.get(name, (np.inf, -np.inf))
                    found[name] = (min(low, float(np.nanmin(array))), max(high, float(np.nanmax(array))))
    return found


def _in_view(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {value.name for value in copy.graph.output}
    # onnxruntime infers type and shape; a name is enough.
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    return copy


def _groups(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
