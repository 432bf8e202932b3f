"""Operators of complex tensors that torch.onnx lacks, by way of real ones of one axis more.

torch.onnx has a complex tensor as a real one whose last axis holds real and imaginary part, and knows its products and
transforms so, but not all that only moves values about. (Rotary embeddings as Llama's own code turns them need these.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

aten = torch.ops.aten

#: Powers up to this become products.
MOST_FACTORS = 4


def lacking() -> dict[torch._ops.OpOverload, Callable[..., Any]]:
    """By operator what does the same; NotImplemented for real tensors, which stay as they are."""
    moved = {operator: _of_real(moves) for operator, moves in _MOVES.items()}
    return moved | {
        aten.polar.default: _polar,
        aten.complex.default: _complex,
        aten.exp.default: _exp,
        aten.pow.Tensor_Scalar: _power,
        aten.where.self: _where,
        aten.einsum.default: _einsum,
    }


def meets(node: torch.fx.Node) -> bool:
    """Whether a node of one of these operators reads or makes complex numbers."""
    given = [node, *node.all_input_nodes]
    return any(isinstance(one.meta.get("val"), Tensor) and one.meta["val"].is_complex() for one in given)


def _axis(dim: int) -> int:
    """Of the complex tensor, in the real one: those that count from the end have one more behind them."""
    return dim if dim >= 0 else dim - 1


#: With the real form first, and then what the operator takes.
_MOVES: dict[torch._ops.OpOverload, Callable[..., Any]] = {
    aten.unsqueeze.default: lambda x, dim: x.unsqueeze(_axis(dim)),
    aten.select.int: lambda x, dim, index: x.select(_axis(dim), index),
    aten.unbind.int: lambda x, dim=0: x.unbind(_axis(dim)),
    aten.expand.default: lambda x, size, implicit=False: x.expand(*size, 2),
    aten.repeat.default: lambda x, repeats: x.repeat(*repeats, 1),
    aten.repeat_interleave.self_int: lambda x, count, dim=None, **_: (
        x.reshape(-1, 2).repeat_interleave(count, 0) if dim is None else x.repeat_interleave(count, _axis(dim))
    ),
    aten.index.Tensor: lambda x, indices: x[tuple(slice(None) if one is None else one for one in indices)],
    aten.index_select.default: lambda x, dim, index: x.index_select(_axis(dim), index),
    aten.constant_pad_nd.default: lambda x, pad, value=0: _padded(x, pad, value),
    aten.pad.default: lambda x, pad, mode="constant", value=None: _padded(x, pad, value, mode),
    aten.zeros_like.default: lambda x, **_: torch.zeros_like(x),
}


def _of_real(moves: Callable[..., Any]) -> Callable[..., Any]:
    def apart(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not x.is_complex():
            return NotImplemented
        moved = moves(torch.view_as_real(x), *args, **kwargs)
        if moved is NotImplemented or isinstance(moved, Tensor):
            return moved if moved is NotImplemented else torch.view_as_complex(moved)
        return tuple(map(torch.view_as_complex, moved))

    return apart


def _padded(x: Tensor, pad: Sequence[int], value: float | None, mode: str = "constant") -> Any:
    # Another value than zero would be the imaginary part too; other modes want other ranks.
    return NotImplemented if value or mode != "constant" else functional.pad(x, [0, 0, *pad])


def _polar(length: Tensor, angle: Tensor) -> Tensor:
    return torch.view_as_complex(torch.stack((length * angle.cos(), length * angle.sin()), -1))


def _complex(real: Tensor, imaginary: Tensor) -> Tensor:
    zero = torch.zeros_like(real) * torch.zeros_like(imaginary)  # of the shape that both have together
    return torch.view_as_complex(torch.stack((real + zero, imaginary + zero), -1))


def _exp(x: Tensor) -> Any:
    if not x.is_complex():
        return NotImplemented
    real, angle = torch.view_as_real(x).unbind(-1)
    return _polar(real.exp(), angle)


def _power(x: Tensor, exponent: float) -> Any:
    whole = isinstance(exponent, int) and 0 < exponent <= MOST_FACTORS
    return functools.reduce(torch.mul, [x] * int(exponent)) if x.is_complex() and whole else NotImplemented


def _where(condition: Tensor, x: Tensor, y: Tensor) -> Any:
    if not (x.is_complex() and y.is_complex()):
        return NotImplemented
    return torch.view_as_complex(torch.where(condition[..., None], torch.view_as_real(x), torch.view_as_real(y)))


def _einsum(equation: str, operands: Sequence[Tensor], **_: Any) -> Any:
    if len(operands) != 2 or not all(one.is_complex() for one in operands):
        return NotImplemented
    (a, b), (c, d) = (torch.view_as_real(one).unbind(-1) for one in operands)
    product = functools.partial(torch.einsum, equation)
    return _complex(product(a, c) - product(b, d), product(a, d) + product(b, c))
