"""Weights in twelve bits, computation in float: between int8 and float16, for what has to be told apart finely.

A weight is an int16 of at most 2047, times its channel's step. Over the wire go two planes, an upper of eight bits and
a lower of four (`planes.py`): gzip writes the upper one in the five to six bits that such values carry, so that a
weight takes less than ten (all-MiniLM-L6-v2: 23.8 MB, where int8 takes 20.9 and float16 41.6, with a quarter of int8's
error). onnxruntime makes them float once, when the model is loaded. A step is a share of a channel's root mean square,
not of its largest value: a few large weights do not make the others coarse, and cost some bits more themselves.

Embeddings, which are looked up by rows, are as in `int8_weights`: a row's error is its own, a product's is everyone's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _graph, _lookup, fp16, int8_weights

ID = "int12_weights"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = replace(
    fp16.TOLERANCE, reason="twelve bits of a weight are kept: whoever takes them for their bytes wants little error"
)
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True

#: Steps in a channel's root mean square.
STEPS = 150
#: The largest integer, of twelve bits with its sign.
TOP = 2047


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with weights in int16; None if the model has none but embeddings. Raises NotTried for a big model.

    onnxruntime has the integers and their float values while it opens the file: one and a half times the weights.
    """
    given.refuse_big(model)
    tables = set(_lookup.tables(model.graph))
    axes = {name: axis for name, axis in _graph.weights(model.graph).items() if name not in tables}
    packed = {name: quantize(weight, axes[name]) for name, weight in _graph.finite(model, axes, given.folder)}
    if not packed:
        return None
    copy = _graph.without(model, set(packed))
    nodes: list[onnx.NodeProto] = []
    for name, (values, step) in packed.items():
        whole, scale = f"{name}.int16", f"{name}.scale"
        copy.graph.initializer.append(numpy_helper.from_array(values, whole))
        copy.graph.initializer.append(numpy_helper.from_array(step, scale))
        _graph.rename_reads(copy.graph, name, f"{name}.float")
        # Microsoft's: ONNX's own takes int16 from opset 21 on.
        nodes.append(
            helper.make_node(
                "DequantizeLinear",
                [whole, scale],
                [f"{name}.float"],
                f"{name}.float",
                axis=axes[name],
                domain="com.microsoft",
            )
        )
    _graph.put_first(copy.graph, nodes)
    _graph.allow_microsoft(copy)
    return int8_weights.apply(copy, given) or copy


def quantize(weight: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """The integers, of the weight's shape, and what they are times for each element of `axis`.

    A channel of zeros gets the step 1, so that nothing is divided by zero.
    """
    others = tuple(index for index in range(weight.ndim) if index != axis)
    mean = np.sqrt(np.square(weight).mean(axis=others, dtype=np.float64))
    step = np.maximum(mean / STEPS, np.abs(weight).max(axis=others) / TOP).astype(np.float32)
    step[step == 0] = 1
    shape = [-1 if index == axis else 1 for index in range(weight.ndim)]
    return np.clip(np.rint(weight / step.reshape(shape)), -TOP, TOP).astype(np.int16), step
