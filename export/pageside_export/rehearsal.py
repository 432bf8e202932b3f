"""A model's graph without its weights, for a page to open and run while those are on a slow line.

A browser compiles onnxruntime function by function as it is used, well only what is used much, and gives memory as it
is touched. All of that would otherwise begin when the last byte of the weights is there and somebody waits.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.exporting import VariantExport
from pageside_export.tensors import copy_fields, elements
from pageside_export.verify import Arrays

#: Weights of fewer bytes on the wire are there before a page has started onnxruntime, on most lines.
LEAST_BYTES = 2_000_000
#: Of the file: a page must not need more memory for the rehearsal than a phone has for one of its tabs.
MOST_BYTES = 100_000_000
#: Constants of fewer elements stay: bounds, scales, axes, what zeros would change the way of.
ZEROS_FROM = 64
#: What weights are made of, and `ConstantOfShape` can fill; shapes and indices are of other types.
WEIGHTS = {getattr(onnx.TensorProto, name) for name in ("FLOAT", "FLOAT16", "INT8", "UINT8", "INT16")}


def rehearsal(variant: VariantExport, inputs: Arrays) -> bytes | None:
    """An ONNX file of the same nodes with zeros for weights, which onnxruntime opens and runs as it will the whole one.

    None where a page would gain nothing or need too much, where the graph has branches or loops, which zeros could send
    anywhere, and where native onnxruntime does not run it on `inputs`.
    """
    if variant.wire_bytes < LEAST_BYTES or variant.size > MOST_BYTES:
        return None
    model = onnx.load(variant.path)
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    if any(attribute.type in (attribute.GRAPH, attribute.GRAPHS) for attribute in attributes):
        return None
    content = bytes(without_weights(model).SerializeToString(deterministic=True))
    try:
        OnnxSession(OnnxModel(content, variant.session_config)).run(inputs)
    except Exception:  # of any kind: zeros are not what the model was made for
        return None
    return content


def without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose large constants are computed, zeros of the same types and shapes."""
    light = onnx.ModelProto()
    copy_fields(model, light, "graph")
    copy_fields(model.graph, light.graph, "initializer", "node")
    nodes = []
    for tensor in model.graph.initializer:
        if tensor.data_type not in WEIGHTS or elements(tensor) < ZEROS_FROM:
            light.graph.initializer.append(tensor)
            continue
        shape = f"{tensor.name}.shape"
        light.graph.initializer.append(numpy_helper.from_array(np.array(tensor.dims, np.int64), shape))
        zero = helper.make_tensor(f"{tensor.name}.zero", tensor.data_type, [1], [0])
        nodes.append(helper.make_node("ConstantOfShape", [shape], [tensor.name], value=zero))
    light.graph.node.extend([*nodes, *model.graph.node])
    return light
