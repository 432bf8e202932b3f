"""`int8_static` with the most sensitive operators in float32, for models that int8 throughout makes too wrong."""

from __future__ import annotations

from collections.abc import Collection

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _mixed, int8_static
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "mixed_static"
SESSION_CONFIG = dict(int8_static.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm",)

#: Of `int8_static`'s ways to take ranges the one that needs no histograms: each layer is tried alone.
METHOD = "minmax"


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A mixture within the tolerance; None where `int8_static` is within it already, or no mixture is."""
    layers = int8_static.layers(model)

    def make(but: Collection[str]) -> onnx.ModelProto | None:
        return int8_static.quantized(model, given, METHOD, but) if set(layers) - set(but) else None

    return _mixed.left_alone(layers, make, given, SESSION_CONFIG)
