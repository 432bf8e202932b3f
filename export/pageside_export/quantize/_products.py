"""Matrix products with a constant: what int4 and dynamic int8 replace."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from pageside_export import tensors
from pageside_export.quantize import _graph


@dataclass(frozen=True)
class Product:
    """A MatMul, or a Gemm that adds no more than a bias, whose right side is a constant."""

    #: What is multiplied with the constant.
    left: str
    output: str
    #: Whether the constant is (n, k).
    transposed: bool
    #: Name of what is added; empty for nothing.
    bias: str = ""


def find(graph: onnx.GraphProto, least: int) -> dict[str, list[Product]]:
    """By name the float matrices of `least` elements and more that every reader multiplies with, in one direction."""
    large = {
        tensor.name
        for tensor in graph.initializer
        if len(tensor.dims) == 2 and tensor.data_type == onnx.TensorProto.FLOAT and tensors.elements(tensor) >= least
    }
    uses: dict[str, list[Product | None]] = {}
    for node in _graph.all_nodes(graph.node):
        for slot, name in enumerate(node.input):
            if name in large:
                uses.setdefault(name, []).append(_product(node, slot))
    # A product of an inner graph keeps its weight: only nodes of the main graph are replaced.
    inner = {name for node in _graph.all_nodes(graph.node) for name in node.input} - {
        name for node in graph.node for name in node.input
    }
    return {
        name: [one for one in found if one is not None]
        for name, found in uses.items()
        if name not in inner and None not in found and len({one.transposed for one in found if one}) == 1
    }


def _product(node: onnx.NodeProto, slot: int) -> Product | None:
    given = _graph.attributes(node)
    if not _graph.is_standard(node) or slot != 1:
        return None
    left, output = node.input[0], node.output[0]
    if node.op_type == "MatMul":
        return Product(left, output, transposed=False)
    plain = not given.get("transA", 0) and given.get("alpha", 1.0) == 1.0 and given.get("beta", 1.0) == 1.0
    if node.op_type == "Gemm" and plain:
        bias = node.input[2] if len(node.input) > 2 else ""
        return Product(left, output, bool(given.get("transB", 0)), bias)
    return None
