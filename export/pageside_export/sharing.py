"""Weights that several variants of a model have byte for byte, as an embedding in int8: stored and downloaded once.

A variant's file is cut where such a tensor starts and ends. Then equal tensors are equal parts, and the page keeps
parts by their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import onnx

#: Smaller tensors are not worth a request of their own.
LEAST_BYTES = 1_000_000


def cuts(files: Sequence[Path], least: int | None = None) -> list[list[int]]:
    """For each ONNX file the offsets to cut it at, in order; none where it shares no tensor of `least` bytes."""
    found = [_tensors(file, least or LEAST_BYTES) for file in files]
    owners = Counter(digest for tensors in found for digest in tensors)
    return [
        sorted({edge for digest, edges in tensors.items() if owners[digest] > 1 for edge in edges}) for tensors in found
    ]


def _tensors(file: Path, least: int) -> dict[str, tuple[int, int]]:
    """The large constants of a file by their SHA-256: where their bytes start and end in it."""
    content = file.read_bytes()
    places: dict[str, tuple[int, int]] = {}
    for tensor in onnx.load_from_string(content).graph.initializer:
        if len(tensor.raw_data) >= least and (start := content.find(tensor.raw_data)) >= 0:
            places[hashlib.sha256(tensor.raw_data).hexdigest()] = (start, start + len(tensor.raw_data))
    return places
