"""Matrix products in int8, weights beforehand and activations at each call; convolutions stay as they are.

onnxruntime's dynamic quantization of convolutions is what most people take and what is wrong most often
(EfficientNet-Lite0: the first label wrong on 4 photos of 10, and slower), so it is not offered. What is no product,
embeddings among them, is as in `int8_weights`. MatMulInteger has no WebGPU kernel: it would run on the processor.
"""

from __future__ import annotations

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _graph, _onnxruntime, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "int8_dynamic"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm",)

PRODUCTS = ("MatMul", "Gemm")


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with dynamic int8 products; None without a product with a large constant."""
    weights = _graph.weights(model.graph)
    if not any(
        node.op_type in PRODUCTS and len(node.input) > 1 and node.input[1] in weights for node in model.graph.node
    ):
        return None
    changed = _onnxruntime.dynamic(model, given, PRODUCTS)
    return int8_weights.apply(changed, given) or changed
