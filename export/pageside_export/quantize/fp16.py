"""Half the bytes and, on a graphics card, more speed: weights and arithmetic in float16, inputs and outputs in float32.

float16 ends at 65504. The model runs once on calibration data with every value in view; operators that read or write
one near that end stay in float32, as do those that onnxruntime's converter never touches (Resize, whose scales are
float32 by definition, CumSum, Range and others without float16 kernels). WebAssembly has next to no
float16 kernels: onnxruntime casts there, the weights once at load, so that it gains bytes and no speed (measured in
Chromium: right, and as fast as float32). WebGPU needs an adapter with `shader-f16`; without it most sessions fail.
"""

from __future__ import annotations

import numpy as np
import onnx

from pageside_export import tensors
from pageside_export.choose import BackendId
from pageside_export.convert import cleaned
from pageside_export.quantize import Given, _graph, _onnxruntime, _ranges
from pageside_export.verify import Tolerance

ID = "fp16"
SESSION_CONFIG: dict[str, str] = {}
TOLERANCE = Tolerance(
    cosine=0.999,
    largest=None,
    norm=0.03,
    top1=True,
    equal=0.99,
    reason="eleven bits of a number are kept: far less error than int8, and any overflow is far more",
)
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True
NEEDS = ("shader-f16",)

#: Calibration data is not all data: half of float16's range is left for what else comes.
SAFE = 65504 / 2

#: Besides the converter's own list: operators whose float16 kernels are missing or known to be wrong.
KEEP = ("CumSum", "Resize", "Range", "NonMaxSuppression", "TopK", "RandomNormalLike", "RandomUniformLike")

#: Comparisons: a limit that is rounded past the values next to it decides otherwise (the edges of a histogram).
COMPARE = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy in float16; None where there is nothing to make smaller."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    if not _graph.weights(model.graph):
        return None
    named = _named(given.whole(model))
    kept = overflowing(named, given)
    with _onnxruntime.silent():
        changed = convert_float_to_float16(
            named,
            keep_io_types=True,
            disable_shape_infer=False,
            op_block_list=sorted({*DEFAULT_OP_BLOCK_LIST, *KEEP, *COMPARE}),
            node_block_list=kept,
        )
    _join(changed.graph, set(kept))
    # Its casts of inputs stand last, and ONNX wants each node after what it reads.
    OnnxModel(changed).topological_sort(is_deterministic=True)
    return cleaned(changed)


def overflowing(model: onnx.ModelProto, given: Given) -> list[str]:
    """Names of the nodes that read or write a value outside float16's safe range, computed or constant."""
    large = {name for name, (low, high) in _ranges.measure(model, given).items() if max(-low, high) > SAFE}
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = np.abs(tensors.array(tensor, given.folder))
            # Masks are made of -inf or of float32's lowest value, which the converter brings to float16's.
            if bool(np.any((values > SAFE) & (values < 1e30))):
                large.add(tensor.name)
    return [node.name for node in model.graph.node if large & {*node.input, *node.output}]


def _join(graph: onnx.GraphProto, kept: set[str]) -> None:
    """Between two neighbours that stay float32 the converter casts to float16 and back: there it would overflow."""
    makers = {name: node for node in graph.node for name in node.output}
    for node in list(graph.node):
        # A cast of the model's own may go on in float16.
        half = makers.get(node.input[0]) if _casts_to(node, onnx.TensorProto.FLOAT) else None
        maker = makers.get(half.input[0]) if half is not None and _casts_to(half, onnx.TensorProto.FLOAT16) else None
        if half is not None and maker is not None and maker.name in kept:
            _graph.rename_reads(graph, node.output[0], half.input[0])
            graph.node.remove(node)


def _casts_to(node: onnx.NodeProto, dtype: int) -> bool:
    return node.op_type == "Cast" and any(one.name == "to" and one.i == dtype for one in node.attribute)


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every node with a name of its own, by which the converter leaves it alone."""
    for number, node in enumerate(model.graph.node):
        node.name = f"{number}.{node.name}"
    return model
