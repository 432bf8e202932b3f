"""Compares what a page answers with the answer that the build stored."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

NUMBER = re.compile(r"\d+(?:\.\d+)?")

#: At how many of a line's points both must have a gap or neither. Where a function leaves out what it is not sure of,
#: rounding moves what was near that threshold.
SAME_GAPS = 0.9


@dataclass(frozen=True)
class Agreement:
    """How near an answer is: a cosine, 1 for equal ones, and what differs in a few words."""

    cosine: float
    #: Empty when it is the same kind of answer.
    problem: str = ""


def compare(expected: Any, got: Any) -> Agreement:
    """Of two values of one output: labels by name, numbers, pictures, marked ones, galleries, else by equality.

    A picture is `{"width", "height", "pixels"}`, the pixels as base64 of three bytes each; a sound is `{"rate",
    "channels", "samples"}`, the samples as base64 of int16; a plot `{"series": [{"name", "x", "y"}]}`.
    """
    for is_kind, of_kind in _KINDS:
        if is_kind(expected) and is_kind(got):
            return of_kind(expected, got)
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return worst([compare(one, other) for one, other in zip(expected, got, strict=True)])
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        return worst([compare(one, got[key]) for key, one in expected.items()])
    if expected == got:
        return Agreement(1.0)
    return Agreement(0.0, f"answers {_short(got)} where PyTorch's answer is {_short(expected)}")


def worst(found: Sequence[Agreement]) -> Agreement:
    """The least alike of several; a problem counts before a number."""
    return min(found, key=lambda one: (not one.problem, one.cosine), default=Agreement(1.0))


def cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Of two vectors of one length; 1 for two that are zero, 0 where only one is or something is not finite."""
    a, b = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if lengths == 0:
        return 1.0 if not a.any() and not b.any() else 0.0
    return min(1.0, float(a @ b) / lengths)


def _labels(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Agreement:
    if expected.get("confidences") is None or got.get("confidences") is None:
        return _equal_labels(expected.get("label"), got.get("label"))
    tables = [{entry["label"]: float(entry["confidence"]) for entry in one["confidences"]} for one in (expected, got)]
    names = sorted(set(tables[0]) | set(tables[1]))
    # A name that is not among the first few of one answer is small there: zero is the nearest guess.
    vectors = [np.array([table.get(name, 0.0) for name in names]) for table in tables]
    return Agreement(cosine(vectors[0], vectors[1]))


def _marked(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Agreement:
    """AnnotatedImage: the same places in the same order; boxes as vectors, the numbers in a label as numbers."""
    places = [one["annotations"] for one in (expected, got)]
    if len(places[0]) != len(places[1]):
        return Agreement(0.0, f"marks {len(places[1])} places where PyTorch's answer marks {len(places[0])}")
    found = [compare(expected["image"], got["image"])]
    for one, other in zip(*places, strict=True):
        found.append(_words(one["label"], other["label"]))
        if "box" in one and "box" in other:
            found.append(Agreement(cosine(np.array(one["box"]), np.array(other["box"]))))
        elif "box" in one or "box" in other:
            said = NUMBER.sub("#", other["label"])
            found.append(Agreement(0.0, f"marks {_short(said)} by a box or a mask where PyTorch's answer does not"))
    return worst(found)


def _galleries(expected: list[Any], got: list[Any]) -> Agreement:
    """As many pictures in the same order, the numbers in a caption as numbers."""
    if len(expected) != len(got):
        return Agreement(0.0, f"gives {len(got)} pictures where PyTorch's answer has {len(expected)}")
    found = [compare(one["image"], other["image"]) for one, other in zip(expected, got, strict=True)]
    captions = [_words(one["caption"] or "", other["caption"] or "") for one, other in zip(expected, got, strict=True)]
    return worst([*found, *captions])


def _words(expected: str, got: str) -> Agreement:
    """The same text but for its numbers, which are compared as such."""
    words, said = (NUMBER.sub("#", text) for text in (expected, got))
    numbers = zip(*(NUMBER.findall(text) for text in (expected, got)), strict=words == said)
    return worst([_equal_labels(words, said), *(_numbers(float(a), float(b)) for a, b in numbers)])


def _equal_labels(expected: Any, got: Any) -> Agreement:
    same = expected == got
    return Agreement(float(same), "" if same else f"labels it {_short(got)} where PyTorch says {_short(expected)}")


def _pictures(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Agreement:
    sizes = [(one["width"], one["height"]) for one in (expected, got)]
    if sizes[0] != sizes[1]:
        shown = [f"{width} x {height}" for width, height in sizes]
        return Agreement(0.0, f"gives a picture of {shown[1]} pixels where PyTorch's has {shown[0]}")
    pixels = [np.frombuffer(base64.b64decode(one["pixels"]), np.uint8) for one in (expected, got)]
    return Agreement(cosine(pixels[0], pixels[1]))


def _sounds(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Agreement:
    shapes = [(one["rate"], one["channels"]) for one in (expected, got)]
    samples = [np.frombuffer(base64.b64decode(one["samples"]), np.int16) for one in (expected, got)]
    if shapes[0] != shapes[1] or len(samples[0]) != len(samples[1]):
        shown = [f"{len(one)} samples at {rate} Hz" for one, (rate, _) in zip(samples, shapes, strict=True)]
        return Agreement(0.0, f"gives a sound of {shown[1]} where PyTorch's has {shown[0]}")
    return Agreement(cosine(samples[0], samples[1]))


def _plots(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Agreement:
    """The same lines over the same places, with gaps at nearly the same points; what both draw as one vector."""
    names = [[line["name"] for line in one["series"]] for one in (expected, got)]
    if names[0] != names[1]:
        return Agreement(0.0, f"draws {_short(names[1])} where PyTorch's answer draws {_short(names[0])}")
    found = []
    for one, other in zip(expected["series"], got["series"], strict=True):
        if len(one["x"]) != len(other["x"]):
            counts = f"{len(other['x'])} points where PyTorch's answer has {len(one['x'])}"
            return Agreement(0.0, f"draws {_short(one['name'])} with {counts}")
        for axis in ("x", "y"):
            a, b = (np.array(line[axis], np.float64) for line in (one, other))
            drawn = ~np.isnan(a) & ~np.isnan(b)
            alike = float((np.isnan(a) == np.isnan(b)).mean()) if len(a) else 1.0
            problem = f"draws {_short(one['name'])} with other gaps than PyTorch's at {1 - alike:.0%} of its points"
            found.append(Agreement(cosine(a[drawn], b[drawn]), problem if alike < SAME_GAPS else ""))
    return worst(found)


def _numbers(expected: float, got: float) -> Agreement:
    """Two numbers as a cosine: 1 minus their relative difference, since the angle of two numbers says nothing."""
    if math.isnan(expected) and math.isnan(got):
        return Agreement(1.0)
    largest = max(abs(expected), abs(got))
    difference = abs(expected - got) / largest if largest else 0.0
    return Agreement(1.0 - difference if math.isfinite(difference) else 0.0)


def _is_marked(value: Any) -> bool:
    return isinstance(value, Mapping) and "annotations" in value and "image" in value


def _is_gallery(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and one.keys() == {"image", "caption"} and _is_picture(one["image"]) for one in value
    )


def _is_label(value: Any) -> bool:
    return isinstance(value, Mapping) and "label" in value


def _is_picture(value: Any) -> bool:
    return isinstance(value, Mapping) and "pixels" in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any], Agreement]], ...] = (
    (_is_marked, _marked),
    (_is_gallery, _galleries),
    (_is_label, _labels),
    (_is_picture, _pictures),
    (lambda value: isinstance(value, Mapping) and "samples" in value, _sounds),
    (lambda value: isinstance(value, Mapping) and "series" in value, _plots),
    (_is_number, lambda expected, got: _numbers(float(expected), float(got))),
)
