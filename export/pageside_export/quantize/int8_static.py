"""Weights and activations in int8 with ranges from calibration data: convolutions and products in integers.

QuantizeLinear and DequantizeLinear stand around each operator, per channel for weights. Two ways to take a range from
data are tried, the smallest and largest value and a percentile that lets outliers go, and the one with the smaller
error against PyTorch on the same data is kept. Lookups of embeddings are as in `int8_weights`.
"""

from __future__ import annotations

from collections.abc import Collection

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, NotTried, _graph, _lookup, _onnxruntime, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "int8_static"
SESSION_CONFIG: dict[str, str] = {}
TOLERANCE = QUANTIZED_TOLERANCE
#: WebGPU computes in float anyway: there `int8_weights` is as small and closer.
BACKENDS: tuple[BackendId, ...] = ("wasm",)

OPERATORS = ("Conv", "MatMul", "Gemm")


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with int8 operators; None without a convolution or product with a large constant."""
    if not layers(model):
        return None
    tried, problem = [], ""
    for method in _onnxruntime.METHODS:
        try:
            tried.append(quantized(model, given, method))
        except (AssertionError, ValueError) as error:  # of the tool and of numpy's histogram, where values are infinite
            problem = str(error)
    if not tried:
        raise NotTried(f"its products have values that no range holds ({problem})")
    return min(tried, key=lambda one: _onnxruntime.error(given.measure(one, SESSION_CONFIG)))


def layers(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that `apply` changes."""
    weights = _graph.weights(model.graph)
    return [
        node.name
        for node in model.graph.node
        if node.op_type in OPERATORS and len(node.input) > 1 and node.input[1] in weights
    ]


def quantized(model: onnx.ModelProto, given: Given, method: str, but: Collection[str] = ()) -> onnx.ModelProto:
    """A copy with ranges by this method; the nodes named in `but` stay as they are."""
    changed = _onnxruntime.static(model, given, method, [name for name in layers(model) if name not in but])
    # Only lookups: this session fuses, so that other weights in int8 would be made float again at every call.
    others = set(_graph.weights(changed.graph)) - set(_lookup.tables(changed.graph))
    return int8_weights.apply(changed, given, others) or changed
