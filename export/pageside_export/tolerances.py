"""What a quantized variant must reach, by what its outputs mean, and what a maker asked for instead.

A kind of output is found from its name, else from its shape and values; `ps.Model(..., kind=...)` says it outright. The
reasons are in docs/tolerances.md too, which a test compares with this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from pageside_export.verify import QUANTIZED_TOLERANCE, Array, Tolerance

Kind = Literal["logits", "embedding", "image", "waveform", "boxes", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)

TOLERANCES: dict[Kind, Tolerance] = {
    "logits": QUANTIZED_TOLERANCE,
    "embedding": replace(
        QUANTIZED_TOLERANCE,
        top1=False,
        reason="compared by their angle: one of 8 degrees is less than between sentences",
    ),
    "image": replace(
        QUANTIZED_TOLERANCE, cosine=0.998, norm=0.06, top1=False, reason="noise 24 dB below the picture is hardly seen"
    ),
    "waveform": replace(
        QUANTIZED_TOLERANCE,
        cosine=0.998,
        norm=0.06,
        top1=False,
        reason="noise 24 dB below the sound is faint beside it",
    ),
    "boxes": replace(
        QUANTIZED_TOLERANCE,
        cosine=0.999,
        largest=0.03,
        norm=0.05,
        top1=False,
        reason="one corner off is a wrong box: at most 3 % of the largest coordinate",
    ),
    "other": replace(QUANTIZED_TOLERANCE, top1=False, reason="its largest element decides nothing that we know of"),
}

#: Words in an output's name, without a plural s.
_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("logit", "score", "prob", "probability", "probabilitie", "confidence"), "logits"),
    **dict.fromkeys(("embedding", "embed", "embeddings"), "embedding"),
    **dict.fromkeys(("image", "img", "picture", "photo"), "image"),
    **dict.fromkeys(("audio", "wave", "waveform", "sample", "speech"), "waveform"),
    **dict.fromkeys(("box", "boxe", "bbox", "bboxe", "landmark", "keypoint"), "boxes"),
}
_SIDE = 16
_SAMPLES = 2000


def kind_of(name: str, values: Sequence[Array]) -> Kind:
    """The kind of an output from its name and from PyTorch's values for it, one array a call."""
    if values[0].dtype.kind != "f" or values[0].size == 0:
        return "other"
    named = (_WORDS.get(word.removesuffix("s")) for word in re.split(r"[^a-z]+", name.lower()))
    return next((kind for kind in named if kind), _kind_of_values(values))


def _kind_of_values(values: Sequence[Array]) -> Kind:
    shape = values[0].shape
    if len(shape) in (3, 4) and min(shape[-2:]) >= _SIDE and shape[-3] in ((1, 3, 4) if len(shape) == 4 else (3,)):
        return "image"
    rows = [value.reshape(-1, value.shape[-1]) for value in values if value.ndim and value.size]
    if len(shape) not in (1, 2, 3) or not rows:
        return "other"
    if shape[-1] >= _SAMPLES and len(rows[0]) <= 2 and all(_swings(value) for value in rows):
        return "waveform"
    if len(shape) == 3 or shape[-1] < 2:
        return "other"
    units = [np.allclose(np.linalg.norm(value.astype(np.float64), axis=1), 1, atol=1e-3) for value in rows]
    return "embedding" if shape[-1] >= _SIDE and all(units) else "logits"


def bounds(recipe: Tolerance, kinds: Mapping[str, Kind], own: Mapping[str, Any]) -> dict[str, Tolerance]:
    """For each output the stricter of the recipe's tolerance and its kind's, then what the maker named in its place."""
    return {name: replace(_stricter(recipe, TOLERANCES[kind]), **own) for name, kind in kinds.items()}


def _stricter(recipe: Tolerance, kind: Tolerance) -> Tolerance:
    largest = [one for one in (recipe.largest, kind.largest) if one is not None]
    return Tolerance(
        cosine=max(recipe.cosine, kind.cosine),
        largest=min(largest, default=None),
        norm=min(recipe.norm, kind.norm),
        top1=recipe.top1 and kind.top1,
        equal=max(recipe.equal, kind.equal),
        reason=kind.reason if recipe is QUANTIZED_TOLERANCE else recipe.reason,
    )


def _swings(value: Array) -> bool:
    """Whether it looks like sound: on both sides of zero, and nowhere above 1."""
    return float(value.min()) < 0 < float(value.max()) and float(np.abs(value).max()) <= 1.0
