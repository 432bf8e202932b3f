"""Operators that torch.onnx does not translate, taken apart into those that it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pageside_export.convert import complexes
from pageside_export.convert.attention import TRANSLATED_RANK, attention
from pageside_export.convert.spectra import istft

_Apart = dict[torch._ops.OpOverload, Callable[..., Any]]


def taken_apart(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """The program without such operators; itself where it has none."""
    table = _table()
    if not any(_needs(program, operator) for operator in table):
        return program
    # All of it, since what one is taken apart into may need another.
    decomposed: torch.export.ExportedProgram = program.run_decompositions(table)
    return decomposed


def grouped_product(rows: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
    """`(S, K)` rows, of which those before `ends[e]`, from `ends[e - 1]` on, meet the e-th of `(E, K, N)`: `(S, N)`.

    What a mixture of experts of `transformers` computes. Which rows meet which matrix hangs on values; here each row
    meets every matrix, and the right product is kept. (torch's own operator for it can be captured in bfloat16 alone.)
    """
    numbers = torch.arange(rows.shape[0], device=rows.device)
    begin = torch.zeros_like(ends[0])
    out = torch.zeros(rows.shape[0], weights.shape[2], dtype=rows.dtype, device=rows.device)
    for weight, end in zip(weights.unbind(0), ends.unbind(0), strict=True):
        mine = (numbers >= begin) & (numbers < end)
        out = torch.where(mine[:, None], rows @ weight, out)
        begin = end
    return out


def _table() -> _Apart:
    table: _Apart = {
        torch.ops.aten.scaled_dot_product_attention.default: attention,
        torch.ops.aten.istft.default: istft,
        **complexes.lacking(),
    }
    # Known where that library is imported.
    if hasattr(torch.ops.transformers, "grouped_mm_fallback"):
        table[torch.ops.transformers.grouped_mm_fallback.default] = grouped_product
    return table


def _needs(program: torch.export.ExportedProgram, operator: torch._ops.OpOverload) -> bool:
    nodes = [node for node in program.graph.nodes if node.target is operator]
    if operator is torch.ops.aten.scaled_dot_product_attention.default:
        return any(node.args[0].meta["val"].dim() != TRANSLATED_RANK for node in nodes)
    if operator in complexes.lacking():
        return any(map(complexes.meets, nodes))
    return bool(nodes)
