"""Weights in sixteen bits, computation in float32: fewer bytes than float16, less error, and no casts.

WebAssembly has next to no float16 kernels: onnxruntime casts a float16 graph's numbers back and forth around each
operator, and rounds them each time. Here weights alone are rounded, to a 2048th of their channel's root mean square
(`_int16.py`), and made float32 once, when the model is loaded. WebGPU runs it on any adapter.
"""

from __future__ import annotations

from dataclasses import replace

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _int16, fp16, int8_weights

ID = "int16_weights"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = replace(fp16.TOLERANCE, reason="thirteen bits of a weight are kept, and all of what is computed")
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True

BITS = _int16.Bits(steps=2048, top=32767)


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with weights in int16, embeddings among them; None if the model has none."""
    return _int16.packed(model, given, BITS)
