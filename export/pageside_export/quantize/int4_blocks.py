"""Large matrix products in int4, all other weights in int8: about a seventh of the bytes of a language model.

A product with a constant of at least `MIN_PRODUCT` elements becomes onnxruntime's MatMulNBits: 4 bits a value, in
blocks of `BLOCK` along the sum, each with a float32 scale and a 4-bit zero point. Its kernels for WebAssembly and
WebGPU read the packed weights as they are. The same blocks as DequantizeLinear (ONNX opset 21) give wrong numbers
in onnxruntime-web 1.30 where the scale has one axis only (onnxruntime issue 32730), so that form is not used.
What is no large product, embeddings and convolutions among them, is as in `int8_weights`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pageside_export import tensors
from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _graph, _products, int8_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "int4_blocks"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")
INTEGER_PRODUCTS = True

#: Values that share a scale; every kernel of onnxruntime takes 32.
BLOCK = 32

#: Elements of a product that are packed together.
AT_ONCE = 2**20

#: In smaller products int4 saves little and errs as much.
MIN_PRODUCT = 64 * 1024


def apply(model: onnx.ModelProto, given: Given, but: Collection[str] = ()) -> onnx.ModelProto | None:
    """A copy with int4 products, but those whose weight `but` names: they are in int8. None without a large product."""
    found = _products.find(model.graph, MIN_PRODUCT)
    chosen = {name: uses for name, uses in found.items() if name not in but}
    tensors_by_name = {tensor.name: tensor for tensor in model.graph.initializer}
    packed = {}
    for name, uses in chosen.items():
        weight = tensors.array(tensors_by_name[name], given.folder)
        if np.isfinite(weight).all():
            packed[name] = pack(weight.T if uses[0].transposed else weight)
    if not packed:
        return None
    copy = _graph.without(model, set(packed))
    for name, blocks in packed.items():
        for suffix, values in (("int4", blocks.values), ("scales", blocks.scales), ("zeros", blocks.zeros)):
            copy.graph.initializer.append(numpy_helper.from_array(values, f"{name}.{suffix}"))
    nodes = [new for node in copy.graph.node for new in _replaced(node, packed)]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    _graph.allow_microsoft(copy)
    return int8_weights.apply(copy, given) or copy


def weights(model: onnx.ModelProto) -> list[str]:
    """The constants that `apply` would put in int4."""
    return list(_products.find(model.graph, MIN_PRODUCT))


@dataclass(frozen=True)
class Blocks:
    """A matrix of k rows and n columns, as MatMulNBits takes it."""

    k: int
    n: int
    #: uint8, n columns, blocks, half a block of bytes each: the low half of a byte comes first.
    values: NDArray[np.uint8]
    #: float32, n columns, blocks.
    scales: NDArray[np.float32]
    #: uint8, n columns, two blocks a byte.
    zeros: NDArray[np.uint8]


def pack(weight: NDArray[np.float32]) -> Blocks:
    """(k, n) to int4, some columns at a time: packing takes a few times their memory."""
    k, n = weight.shape
    step = max(1, AT_ONCE // k)
    packed = [_packed(weight[:, start : start + step]) for start in range(0, n, step)]
    values, scales, zeros = (np.concatenate(parts) for parts in zip(*packed, strict=True))
    return Blocks(k, n, values, scales, zeros)


def _packed(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Values, scales and zeros: in each block the smallest and the largest value (and 0) fall on 0 to 15."""
    k, n = weight.shape
    count = -(-k // BLOCK)
    padded = np.zeros((n, count * BLOCK), np.float32)
    padded[:, :k] = weight.T
    blocks = padded.reshape(n, count, BLOCK)
    low, high = np.minimum(blocks.min(axis=2), 0), np.maximum(blocks.max(axis=2), 0)
    scales = ((high - low) / np.float32(15)).astype(np.float32)
    scales[scales == 0] = 1
    zeros = np.clip(np.rint(-low / scales), 0, 15)
    values = np.clip(np.rint(blocks / scales[..., None]) + zeros[..., None], 0, 15).astype(np.uint8)
    return _pairs(values), scales, _pairs(zeros.astype(np.uint8))


def _pairs(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two values a byte along the last axis, which is filled up with 8, the middle."""
    if values.shape[-1] % 2:
        values = np.concatenate((values, np.full((*values.shape[:-1], 1), 8, np.uint8)), axis=-1)
    return np.asarray(values[..., 0::2] | values[..., 1::2] << 4)


def _replaced(node: onnx.NodeProto, packed: dict[str, Blocks]) -> list[onnx.NodeProto]:
    if len(node.input) < 2 or node.input[1] not in packed:
        return [node]
    name, blocks = node.input[1], packed[node.input[1]]
    bias = node.input[2] if len(node.input) > 2 and node.input[2] else ""
    product = f"{node.output[0]}.product" if bias else node.output[0]
    new = helper.make_node(
        "MatMulNBits",
        [node.input[0], f"{name}.int4", f"{name}.scales", f"{name}.zeros"],
        [product],
        name=f"{node.name or node.output[0]}.int4",
        domain="com.microsoft",
        K=blocks.k,
        N=blocks.n,
        bits=4,
        block_size=BLOCK,
    )
    return [new, helper.make_node("Add", [product, bias], [node.output[0]])] if bias else [new]
