"""`int4_blocks` with the most sensitive products in int8, for models that int4 alone makes too wrong."""

from __future__ import annotations

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _mixed, int4_blocks
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "mixed_int4"
SESSION_CONFIG = dict(int4_blocks.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A mixture within the tolerance; None where `int4_blocks` is within it already, or no mixture is."""
    return _mixed.left_alone(
        int4_blocks.weights(model), lambda but: int4_blocks.apply(model, given, but), given, SESSION_CONFIG
    )
