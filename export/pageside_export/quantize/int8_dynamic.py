"""Matrix products in int8, weights beforehand and activations at each call; convolutions stay as they are.

onnxruntime's own tool gives a whole activation one scale, so that a few large values make all others coarse
(all-MiniLM-L6-v2 on 20 sentences: lowest cosine 0.985). Here each row has its own, which also keeps a row's answer the
same whatever else is in the batch; and each channel is divided by a factor that goes into the weights instead
(SmoothQuant, Xiao et al., arXiv 2211.10438), taken from calibration. The same sentences: 0.998.

Weights are unsigned with 128 for zero: with signed ones processors without VNNI add pairs of products in 16 bits, which
overflow. MatMulIntegerToFloat is onnxruntime's own operator and has no WebGPU kernel: it would run on the processor.
What is no product, embeddings among them, is as in `int8_weights`. Dynamic int8 of convolutions is what most people
take and what is wrong most often (EfficientNet-Lite0: the first label wrong on 4 photos of 10, and slower than fp32).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pageside_export import tensors
from pageside_export.choose import BackendId
from pageside_export.quantize import Given, _graph, _products, _ranges, int8_weights
from pageside_export.quantize._products import Product
from pageside_export.verify import QUANTIZED_TOLERANCE

ID = "int8_dynamic"
SESSION_CONFIG = dict(int8_weights.SESSION_CONFIG)
TOLERANCE = QUANTIZED_TOLERANCE
BACKENDS: tuple[BackendId, ...] = ("wasm",)

#: How much of a channel's range goes into the weights: half, as the paper finds for most models.
MIGRATED = 0.5

#: A channel that calibration saw hardly anything in counts as this share of the middle one, for it may wake up.
QUIET = 0.1

#: Values are -127 to 127 around this zero, as uint8.
ZERO, TOP = 128, 127

#: Rows smaller than this are zero.
TINY = 1e-12

#: Names of the constants that all products share.
AXIS, LEAST, SCALE, MIDDLE = (f"int8_dynamic.{name}" for name in ("axis", "least", "scale", "zero"))

Floats = NDArray[np.float32]


def apply(model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
    """A copy with dynamic int8 products; None without a product with a large constant."""
    products = _products.find(model.graph, _graph.MIN_ELEMENTS)
    values = {tensor.name: tensor for tensor in model.graph.initializer if tensor.name in products}
    finite = {name for name, value in values.items() if np.isfinite(tensors.array(value, given.folder)).all()}
    products = {name: uses for name, uses in products.items() if name in finite}
    if not products:
        return None

    def weight(name: str) -> Floats:  # (k, n); read anew each time, since all of a big model's would fill the memory
        whole = tensors.array(values[name], given.folder)
        return whole.T if products[name][0].transposed else whole

    factors = _factors(products, weight, _largest(model, given, products))
    copy = _graph.without(model, set(products))
    _graph.allow_microsoft(copy)
    add = copy.graph.initializer.append
    for name, value in _shared():
        add(numpy_helper.from_array(value, name))
    for left, factor in factors.items():
        add(numpy_helper.from_array(1 / factor, f"{left}.smooth"))
    for name, uses in products.items():
        integers, scale = _integers(weight(name) * factors[uses[0].left][:, None])
        add(numpy_helper.from_array(integers, f"{name}.uint8"))
        add(numpy_helper.from_array(scale, f"{name}.scale"))
    _replace(copy.graph, {use.output: (name, use) for name, uses in products.items() for use in uses})
    return int8_weights.apply(copy, given) or copy


def _largest(model: onnx.ModelProto, given: Given, products: dict[str, list[Product]]) -> dict[str, Floats]:
    return _ranges.channels(model, given, sorted({use.left for uses in products.values() for use in uses}))


def _factors(
    products: dict[str, list[Product]], weight: Callable[[str], Floats], largest: dict[str, Floats]
) -> dict[str, Floats]:
    """By left side what its channels, (k,), are divided by; sides that share a weight share it."""
    factors: dict[str, Floats] = {}
    for lefts in _together(products):
        names = [name for name, uses in products.items() if uses[0].left in lefts]
        weights = np.max([np.abs(weight(name)).max(axis=1) for name in names], axis=0)
        seen = [largest[left] for left in lefts if left in largest]
        factor = balanced(np.max(seen, axis=0), weights) if seen else np.ones_like(weights)
        factors |= dict.fromkeys(lefts, factor)
    return factors


def balanced(activations: Floats, weights: Floats) -> Floats:
    """What divides each channel, (k,), by the largest absolute values on both sides; ones where they tell nothing."""
    sides = [np.maximum(side, QUIET * np.median(side)) for side in (activations, weights)]
    if not all(np.isfinite(side).all() and (side > 0).all() for side in sides):
        return np.ones_like(weights)
    exponents = MIGRATED * np.log(sides[0]) - (1 - MIGRATED) * np.log(sides[1])
    factors: Floats = np.exp(exponents - exponents.mean()).astype(np.float32)
    return factors


def _together(products: dict[str, list[Product]]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for uses in products.values():
        joined = sorted({left for use in uses for left in groups.get(use.left, [use.left])})
        groups |= dict.fromkeys(joined, joined)
    return list({tuple(group): group for group in groups.values()}.values())


def _integers(weight: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """(k, n) to uint8 around ZERO and one scale a column, (n,)."""
    values, scale = int8_weights.quantize(weight, 1)
    return (values.astype(np.int16) + ZERO).astype(np.uint8), scale


def _shared() -> Iterator[tuple[str, NDArray[Any]]]:
    yield AXIS, np.array([-1], np.int64)
    yield LEAST, np.array(TINY, np.float32)
    yield SCALE, np.array(1 / TOP, np.float32)
    yield MIDDLE, np.array(ZERO, np.uint8)


def _replace(graph: onnx.GraphProto, products: dict[str, tuple[str, Product]]) -> None:
    """Nodes by their output's name: each becomes an integer product, and what it is of becomes integers once."""
    nodes, done = [], set()
    for node in graph.node:
        if node.output[0] not in products:
            nodes.append(node)
            continue
        name, use = products[node.output[0]]
        if use.left not in done:
            done.add(use.left)
            nodes.extend(_rows(use.left))
        nodes.extend(_product(name, use))
    del graph.node[:]
    graph.node.extend(nodes)


def _rows(x: str) -> Iterator[onnx.NodeProto]:
    """(..., k) float to uint8, and what each row was divided by, (..., 1)."""
    yield _node("Mul", [x, f"{x}.smooth"], f"{x}.smoothed")
    yield _node("Abs", [f"{x}.smoothed"], f"{x}.absolute")
    yield _node("ReduceMax", [f"{x}.absolute", AXIS], f"{x}.largest", keepdims=1)
    yield _node("Max", [f"{x}.largest", LEAST], f"{x}.row")
    yield _node("Div", [f"{x}.smoothed", f"{x}.row"], f"{x}.even")
    yield _node("QuantizeLinear", [f"{x}.even", SCALE, MIDDLE], f"{x}.uint8")


def _product(name: str, use: Product) -> Iterator[onnx.NodeProto]:
    product = f"{use.output}.product" if use.bias else use.output
    given = [f"{use.left}.uint8", f"{name}.uint8", SCALE, f"{name}.scale", MIDDLE, MIDDLE]
    yield _node("MatMulIntegerToFloat", given, f"{use.output}.of_even", domain="com.microsoft")
    yield _node("Mul", [f"{use.output}.of_even", f"{use.left}.row"], product)
    if use.bias:
        yield _node("Add", [product, use.bias], use.output)


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], name=output, **attributes)
