"""Weights as int16 times their channel's step, in as many of the sixteen bits as a recipe wants.

Over the wire go two planes, an upper of eight bits and a lower of four (`planes.py`), so that few bits take few bytes.
onnxruntime makes the weights float once, when the model is loaded. A step is a share of a channel's root mean square,
not of its largest value: a few large weights do not make the others coarse, and cost some bits more themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pageside_export.quantize import Given, _graph, _lookup

#: Whose DequantizeLinear takes int16; ONNX's own does from opset 21 on.
DOMAIN = "com.microsoft"


@dataclass(frozen=True)
class Bits:
    """How finely a weight is kept."""

    #: Steps in a channel's root mean square.
    steps: int
    #: The largest integer.
    top: int


def packed(model: onnx.ModelProto, given: Given, bits: Bits, but: Collection[str] = ()) -> onnx.ModelProto | None:
    """A copy with weights in int16, except those named in `but`; None if there are no others. NotTried for a big model.

    onnxruntime has the integers and their float values while it opens the file: one and a half times the weights.
    """
    given.refuse_big(model)
    axes = {name: axis for name, axis in _graph.weights(model.graph).items() if name not in but}
    tables = _lookup.tables(model.graph)
    integers = {name: quantize(weight, axes[name], bits) for name, weight in _graph.finite(model, axes, given.folder)}
    if not integers:
        return None
    copy = _graph.without(model, set(integers))
    for name, (values, step) in integers.items():
        copy.graph.initializer.append(numpy_helper.from_array(values, f"{name}.int16"))
        copy.graph.initializer.append(numpy_helper.from_array(step, f"{name}.scale"))
        if name in tables:
            _lookup.put_rows(copy.graph, name, f"{name}.int16", DOMAIN)
    whole = [name for name in integers if name not in tables]
    _graph.put_first(copy.graph, [_dequantized(copy.graph, name, axes[name]) for name in whole])
    _graph.allow_microsoft(copy)
    return copy


def quantize(weight: NDArray[np.float32], axis: int, bits: Bits) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """The integers, of the weight's shape, and what they are times for each element of `axis`.

    A channel of zeros gets the step 1, so that nothing is divided by zero.
    """
    others = tuple(index for index in range(weight.ndim) if index != axis)
    mean = np.sqrt(np.square(weight).mean(axis=others, dtype=np.float64))
    step = np.maximum(mean / bits.steps, np.abs(weight).max(axis=others) / bits.top).astype(np.float32)
    step[step == 0] = 1
    shape = [-1 if index == axis else 1 for index in range(weight.ndim)]
    return np.clip(np.rint(weight / step.reshape(shape)), -bits.top, bits.top).astype(np.int16), step


def _dequantized(graph: onnx.GraphProto, name: str, axis: int) -> onnx.NodeProto:
    """One DequantizeLinear in place of a constant, for all that read it."""
    _graph.rename_reads(graph, name, f"{name}.float")
    given, out = [f"{name}.int16", f"{name}.scale"], f"{name}.float"
    return helper.make_node("DequantizeLinear", given, [out], out, axis=axis, domain=DOMAIN)
