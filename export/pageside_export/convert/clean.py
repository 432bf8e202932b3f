"""An ONNX model without what differs between machines: paths, stack traces, versions."""

from __future__ import annotations

from typing import Any

import onnx


def cleaned(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model without stack traces, paths, versions and documentation; changes it in place."""
    proto.producer_name, proto.producer_version, proto.doc_string = "pageside", "", ""
    del proto.metadata_props[:]
    for function in proto.functions:
        function.doc_string = ""
        del function.metadata_props[:]
        _clean_nodes(function.node)
    _clean_graph(proto.graph)
    return proto


def serialized(proto: onnx.ModelProto) -> bytes:
    """The model's bytes; equal models have equal bytes."""
    return bytes(proto.SerializeToString(deterministic=True))


def _clean_graph(graph: onnx.GraphProto) -> None:
    graph.doc_string = ""
    graph.name = "main"
    del graph.metadata_props[:]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]
    # Shapes of inner values are inferred again by every runtime, and only cost bytes.
    del graph.value_info[:]
    _clean_nodes(graph.node)


def _clean_nodes(nodes: Any) -> None:
    for node in nodes:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            attribute.doc_string = ""
            for graph in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
                _clean_graph(graph)
