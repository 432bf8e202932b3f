"""The model as it was exported."""

from __future__ import annotations

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given
from pageside_export.verify import FLOAT_TOLERANCE

ID = "fp32"
SESSION_CONFIG: dict[str, str] = {}
TOLERANCE = FLOAT_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """The model itself."""
    return model
