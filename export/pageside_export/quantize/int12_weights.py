"""Weights in twelve bits, computation in float: between int8 and float16, for what has to be told apart finely.

A weight is `step * (16 * high + low)`, an int8 and four bits in a uint8, each a constant of its own. gzip writes the
upper plane in the five to six bits that such values carry and the lower one in four: under ten bits a weight on the
wire (all-MiniLM-L6-v2: 23.8 MB, where int8 takes 20.9 and float16 41.6, with a quarter of int8's error). onnxruntime
adds them up once, when the model is loaded. A step is a share of a channel's root mean square, not of its largest
value: a few large weights do not make the others coarse, and cost some bits more themselves.

Embeddings, which are looked up by rows, are as in `int8_weights`: a row's error is its own, a product's is everyone's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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

#: Steps in a channel's root mean square.
STEPS = 150
#: The largest integer, so that the upper plane is int8.
TOP = 2047
#: Steps in one of the upper plane: what four bits hold.
HIGH = 16


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with weights in two planes; None if the model has none but embeddings. Raises NotTried for a big model.

    onnxruntime has both planes and their sum in float while it opens the file: three times the weights.
    """
    given.refuse_big(model)
    tables = set(_lookup.tables(model.graph))
    axes = {name: axis for name, axis in _graph.weights(model.graph).items() if name not in tables}
    packed = {name: quantize(weight, axes[name]) for name, weight in _graph.finite(model, axes, given.folder)}
    if not packed:
        return None
    copy = _graph.without(model, set(packed))
    nodes: list[onnx.NodeProto] = []
    for name, planes in packed.items():
        for part, value in planes.items():
            copy.graph.initializer.append(numpy_helper.from_array(value, f"{name}.{part}"))
        nodes += _sum(copy.graph, name, axes[name])
    _graph.put_first(copy.graph, nodes)
    return int8_weights.apply(copy, given) or copy


def quantize(weight: NDArray[np.float32], axis: int) -> dict[str, NDArray[Any]]:
    """`high` (int8) and `low` (uint8), each of the weight's shape, and what they are times for each element of `axis`.

    A channel of zeros gets the step 1, so that nothing is divided by zero.
    """
    others = tuple(index for index in range(weight.ndim) if index != axis)
    mean = np.sqrt(np.square(weight).mean(axis=others, dtype=np.float64))
    step = np.maximum(mean / STEPS, np.abs(weight).max(axis=others) / TOP).astype(np.float32)
    step[step == 0] = 1
    shape = [-1 if index == axis else 1 for index in range(weight.ndim)]
    steps = np.clip(np.rint(weight / step.reshape(shape)), -TOP, TOP).astype(np.int16)
    high, low = (steps // HIGH).astype(np.int8), (steps % HIGH).astype(np.uint8)
    return {"high": high, "low": low, "high.scale": step * HIGH, "low.scale": step}


def _sum(graph: onnx.GraphProto, name: str, axis: int) -> list[onnx.NodeProto]:
    """The two planes as float, added, in place of a constant for all that read it."""
    whole = f"{name}.float"
    _graph.rename_reads(graph, name, whole)
    nodes = []
    for plane in ("high", "low"):
        part = f"{name}.{plane}"
        nodes.append(
            helper.make_node("DequantizeLinear", [part, f"{part}.scale"], [f"{part}.float"], f"{part}.float", axis=axis)
        )
    return [*nodes, helper.make_node("Add", [node.output[0] for node in nodes], [whole], whole)]
