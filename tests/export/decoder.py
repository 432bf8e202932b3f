"""A decoder-only language model of SmolLM2's shape in plain PyTorch, with random weights, for tests of big models.

Allal et al., "SmolLM2" (arXiv 2502.02737); the defaults are SmolLM2-135M's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    layers: int = 30
    width: int = 576
    heads: int = 9
    key_heads: int = 3
    inner: int = 1536
    words: int = 49152

    @property
    def head(self) -> int:
        return self.width // self.heads


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on (n, heads, words, head)."""
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        keys = shape.key_heads * shape.head
        self.q = nn.Linear(shape.width, shape.width, bias=False)
        self.k = nn.Linear(shape.width, keys, bias=False)
        self.v = nn.Linear(shape.width, keys, bias=False)
        self.o = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # (n, words, width) -> the same
        n, words, _ = x.shape
        s = self.shape
        q = rotate(self.q(x).view(n, words, s.heads, s.head).transpose(1, 2), cos, sin)
        k = rotate(self.k(x).view(n, words, s.key_heads, s.head).transpose(1, 2), cos, sin)
        v = self.v(x).view(n, words, s.key_heads, s.head).transpose(1, 2)
        k, v = (one.repeat_interleave(s.heads // s.key_heads, dim=1) for one in (k, v))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(mixed.transpose(1, 2).reshape(n, words, s.width))


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.before, self.between = nn.RMSNorm(shape.width, 1e-5), nn.RMSNorm(shape.width, 1e-5)
        self.attention = Attention(shape)
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.before(x), cos, sin)
        y = self.between(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Decoder(nn.Module):
    """Words so far to the scores of the next one; the word table is also the last layer, as in SmolLM2."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.words, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, 1e-5)
        self.head = shape.head

    def forward(self, ids: Tensor) -> dict[str, Tensor]:  # (1, words) int64 -> (1, vocabulary)
        x = self.words(ids)
        angle = torch.arange(ids.shape[1])[:, None] / 10000 ** (torch.arange(0, self.head, 2) / self.head)
        angle = torch.cat((angle, angle), dim=-1)  # (words, head)
        cos, sin = angle.cos(), angle.sin()
        for layer in self.layers:
            x = layer(x, cos, sin)
        return {"scores": functional.linear(self.norm(x[:, -1]), self.words.weight)}


def build(shape: Shape | None = None):
    """With random weights, the same ones each time."""
    torch.manual_seed(0)
    shape = shape or Shape()
    with torch.no_grad():
        net = Decoder(shape)
        for name, weight in net.named_parameters():
            if weight.dim() == 2:
                weight.normal_(0, 0.04 if name.startswith("words") else weight.shape[1] ** -0.5)
    return net.eval(), {"ids": torch.arange(1, 17)[None]}
