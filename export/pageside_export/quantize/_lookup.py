"""Embeddings in integers: the rows that a call looks up become float, and the table never does.

onnxruntime would make the whole table float when the model is loaded: four times an int8 table's bytes in memory, and
the time to fill them (all-MiniLM-L6-v2: 47 MB for a table of which a sentence reads a few rows).
"""

from __future__ import annotations

import onnx
from onnx import helper

from pageside_export.quantize import _graph


def tables(graph: onnx.GraphProto) -> list[str]:
    """Large constants that are only ever looked up by rows, and only in the main graph."""
    everywhere = _graph.all_nodes(graph.node)
    return [
        name
        for name in _graph.weights(graph)
        if _count(everywhere, name) == sum(1 for node in graph.node if _is_lookup(node, name))
    ]


def put_rows(graph: onnx.GraphProto, name: str, integers: str, domain: str = "") -> None:
    """Lookups in `name` become lookups in `integers` and `name.scale`, multiplied.

    `domain` is that of a DequantizeLinear which takes such integers.
    """
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        nodes += _rows(node, name, integers, domain) if _is_lookup(node, name) else [node]
    del graph.node[:]
    graph.node.extend(nodes)


def _rows(node: onnx.NodeProto, name: str, integers: str, domain: str) -> list[onnx.NodeProto]:
    out, indices = node.output[0], node.input[1]
    last, whole, one, values = f"{out}.last_axis", f"{out}.integers", f"{out}.one", f"{out}.values"
    return [
        helper.make_node("Gather", [integers, indices], [whole], name=whole, axis=0),
        # Times one. A Cast would do, but in onnxruntime it is half a megabyte of code, which a browser compiles for it.
        helper.make_node("Constant", [], [one], name=one, value_float=1.0),
        helper.make_node("DequantizeLinear", [whole, one], [values], name=values, domain=domain),
        helper.make_node("Gather", [f"{name}.scale", indices], [f"{out}.scales"], name=f"{out}.scales", axis=0),
        helper.make_node("Constant", [], [last], name=last, value_ints=[-1]),
        helper.make_node("Unsqueeze", [f"{out}.scales", last], [f"{out}.scale"], name=f"{out}.scale"),
        helper.make_node("Mul", [values, f"{out}.scale"], [out], name=f"{out}.rows"),
    ]


def _is_lookup(node: onnx.NodeProto, name: str) -> bool:
    return _graph.is_standard(node) and node.op_type == "Gather" and node.input[0] == name


def _count(nodes: list[onnx.NodeProto], name: str) -> int:
    return sum(list(node.input).count(name) for node in nodes)
