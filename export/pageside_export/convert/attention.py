"""Attention of any rank: torch.onnx translates scaled_dot_product_attention of four axes alone."""

from __future__ import annotations

import torch
from torch import Tensor

TRANSLATED_RANK = 4


def attention(  # noqa: PLR0913, PLR0917 - PyTorch's own arguments
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """What torch.nn.functional.scaled_dot_product_attention gives: `(..., L, E)`, `(..., S, E)` and `(..., S, Ev)`.

    A row of which all is masked is zero, as in PyTorch. NotImplemented for four axes, which stay as they are.
    """
    if query.dim() == TRANSLATED_RANK:
        return NotImplemented  # type: ignore[no-any-return] # torch's own sign to leave it
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(groups, -3), value.repeat_interleave(groups, -3)
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = (query * factor) @ key.transpose(-2, -1)
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype is torch.bool else scores + attn_mask
    weights = scores.softmax(-1)
    if attn_mask is not None:
        weights = weights.masked_fill((scores == -torch.inf).all(-1, keepdim=True), 0)
    return torch.dropout(weights, dropout_p, train=dropout_p > 0) @ value
