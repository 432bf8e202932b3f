"""What recipes share: which constants are weights, along which axis their channels lie, and putting others in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from pageside_export import tensors

#: Smaller constants are biases, norms and tables: many nodes for few bytes.
MIN_ELEMENTS = 1024


def weights(graph: onnx.GraphProto) -> dict[str, int]:
    """For each large float constant that is used as a weight its channel axis, that of the first use."""
    ranks = {tensor.name: len(tensor.dims) for tensor in graph.initializer if _is_large_float(tensor)}
    found: dict[str, int] = {}
    for node in graph.node:
        for slot, name in enumerate(node.input):
            axis = _weight_axis(node, slot, ranks.get(name, 0))
            if name in ranks and axis is not None:
                found.setdefault(name, axis)
    outer = {value.name for value in graph.output}
    return {name: axis for name, axis in found.items() if name not in outer}


def finite(model: onnx.ModelProto, names: Iterable[str], folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """These constants, one at a time: all of a big model's would fill the memory. None that holds NaN or infinity."""
    values = {tensor.name: tensor for tensor in model.graph.initializer}
    for name in names:
        weight = tensors.array(values[name], folder)
        if np.isfinite(weight).all():
            yield name, weight


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes by name."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def is_standard(node: onnx.NodeProto) -> bool:
    """Whether an operator is ONNX's own."""
    return node.domain in ("", "ai.onnx")


def without(model: onnx.ModelProto, names: set[str]) -> onnx.ModelProto:
    """A copy without these constants: their values are never twice in memory."""
    copy = onnx.ModelProto()
    tensors.copy_fields(model, copy, "graph")
    tensors.copy_fields(model.graph, copy.graph, "initializer")
    copy.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name not in names)
    return copy


def rename_reads(graph: onnx.GraphProto, name: str, other: str) -> None:
    """All nodes that read `name`, those of inner graphs too, read `other`."""
    for node in all_nodes(graph.node):
        for slot, given in enumerate(node.input):
            if given == name:
                node.input[slot] = other


def allow_microsoft(model: onnx.ModelProto) -> None:
    """So that the model may have onnxruntime's own operators."""
    if not any(one.domain == "com.microsoft" for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def put_first(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    """Nodes that read nothing but constants, before all others."""
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *old])


def all_nodes(nodes: Any) -> list[onnx.NodeProto]:
    """The nodes of a graph and of its inner graphs."""
    found: list[onnx.NodeProto] = []
    for node in nodes:
        found.append(node)
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                found += all_nodes(graph.node)
    return found


def _is_large_float(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_type == onnx.TensorProto.FLOAT) and tensors.elements(tensor) >= MIN_ELEMENTS


def _weight_axis(node: onnx.NodeProto, slot: int, rank: int) -> int | None:
    """The channel axis of a weight in this place, or None where it is no weight."""
    if not is_standard(node):
        return None
    given = attributes(node)
    place = (node.op_type, slot)
    if node.op_type in ("LSTM", "GRU", "RNN"):
        # Of the inputs and of the state, both (directions, gates x hidden, ...): a scale for each gate's element.
        return 1 if slot in (1, 2) else None
    axes = {
        ("Conv", 1): 0,
        # (cin, cout / group, ...): with groups an output channel is a pair of both axes; then a scale an input channel.
        ("ConvTranspose", 1): 0 if given.get("group", 1) > 1 else 1,
        ("Gemm", 1): 0 if given.get("transB", 0) else 1,
        ("MatMul", 1): rank - 1 if rank >= 2 else None,
        ("MatMul", 0): rank - 2 if rank >= 2 else None,
        # An embedding: a scale a row.
        ("Gather", 0): 0 if rank == 2 and given.get("axis", 0) == 0 else None,
    }
    return axes.get(place)
