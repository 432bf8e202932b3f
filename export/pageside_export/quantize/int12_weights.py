"""Weights in twelve bits, computation in float: between int8 and float16, for what has to be told apart finely.

Gzip writes the upper plane of such integers (`_int16.py`) in the five to six bits that they carry, so that a weight
takes less than ten (all-MiniLM-L6-v2: 23.8 MB, where int8 takes 20.9 and float16 41.6, with a quarter of int8's error).

Embeddings, which are looked up by rows, are as in `int8_weights`: a row's error is its own, a product's is everyone's.
"""

from __future__ import annotations

from dataclasses import replace

import onnx

from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _int16, _lookup, fp16, int8_weights

ID = "int12_weights"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = replace(
    fp16.TOLERANCE, reason="twelve bits of a weight are kept: whoever takes them for their bytes wants little error"
)
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True

BITS = _int16.Bits(steps=150, top=2047)


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with weights in int16 of at most 2047; None if the model has none but embeddings."""
    copy = _int16.packed(model, given, BITS, but=_lookup.tables(model.graph))
    return copy and (int8_weights.apply(copy, given) or copy)
