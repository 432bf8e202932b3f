"""`int8_weights` with the most sensitive weights in float32, for models that int8 alone makes too wrong."""

from __future__ import annotations

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _graph, _mixed, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "mixed_int8"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A mixture within the tolerance; None where `int8_weights` is within it already, or no mixture is."""
    return _mixed.left_alone(
        list(_graph.weights(model.graph)), lambda but: int8_weights.apply(model, given, but), given, SESSION_CONFIG
    )
