"""Which layers to leave alone so that a variant reaches its tolerance: found by measuring each, never by a name.

Each layer is quantized alone and its error measured; then the fewest layers, the worst first, are left alone until the
whole reaches the tolerance. A layer's error alone is a good order and no proof, so every mixture is measured too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import onnx

from pageside_export.quantize import Given, _onnxruntime

#: Makes a candidate that leaves these layers alone; None where nothing is left to change.
Make = Callable[[Collection[str]], onnx.ModelProto | None]

#: Beyond so many layers they are measured in groups of neighbours.
MAX_GROUPS = 16

#: Tries for how many to leave alone; each one halves what is unknown.
TRIES = 4

#: Calls on which a layer alone is measured; the mixture is measured on all.
ALONE_CALLS = 4


def left_alone(layers: Sequence[str], make: Make, given: Given, config: Mapping[str, str]) -> onnx.ModelProto | None:
    """The candidate that reaches the tolerance with the fewest layers left alone.

    None where the plain recipe reaches it, so that there is nothing to mix, or where no mixture does.
    """
    if len(layers) < 2 or _fits(make(()), given, config):
        return None
    groups = _groups(layers)
    order = [group for _, _, group in sorted(_alone(groups, layers, make, (given, config)), reverse=True)]
    # One group at least stays quantized: without any the mixture is another recipe's variant.
    low, high = 1, len(order) - 1
    best: onnx.ModelProto | None = None
    for _ in range(TRIES):
        if low > high:
            break
        count = (low + high) // 2
        candidate = make([name for group in order[:count] for name in group])
        if _fits(candidate, given, config):
            best, high = candidate, count - 1
        else:
            low = count + 1
    return best


def _alone(
    groups: list[list[str]], layers: Sequence[str], make: Make, how: tuple[Given, Mapping[str, str]]
) -> list[tuple[float, int, list[str]]]:
    """The error that each group alone brings; its number keeps the order the same among equals."""
    given, config = how
    few = replace(given, calls=given.calls[:ALONE_CALLS])
    found = []
    for number, group in enumerate(groups):
        candidate = make([name for name in layers if name not in group])
        error = _onnxruntime.error(few.measure(candidate, config)) if candidate is not None else 0.0
        found.append((error, -number, group))
    return found


def _groups(layers: Sequence[str]) -> list[list[str]]:
    size = -(-len(layers) // MAX_GROUPS)
    return [list(layers[start : start + size]) for start in range(0, len(layers), size)]


def _fits(candidate: onnx.ModelProto | None, given: Given, config: Mapping[str, str]) -> bool:
    return candidate is not None and not given.misses(given.measure(candidate, config))
