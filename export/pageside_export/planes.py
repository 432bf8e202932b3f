"""16-bit integers in two planes, so that they are packed short: how weights of twelve bits go over the wire.

A packer has one code for all bytes, and the two bytes of an integer have nothing in common. Apart, the upper one takes
as many bits as such values carry (five to six of a bell curve's) and the lower half-byte four. An integer `v` is made
unsigned first, `u = (v << 1) ^ (v >> 15)`, so that small negative ones are small; the first plane is `(u >> 4) & 255`,
the second the rest of its bits, `u & 15 | (u >> 12) << 4`. Any 16 bits come back; those of twelve leave the upper half
of the second empty.

In a file the integers lie in runs, each an offset in bytes and a count. Stored are the bytes between the runs, then the
first plane of all runs, then the second: as many bytes as the file has. `site/src/worker/planes.js` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from pageside_export.pack import zstd_bytes

Runs = list[tuple[int, int]]
#: Fewer integers are not worth their place in `bundle.json`.
LEAST = 1024
#: Bytes that the page decodes at once, in some milliseconds.
FRAME = 1 << 20


@dataclass(frozen=True)
class Part:
    """A part of a model's file, and the runs of integers in it that are stored in planes."""

    content: bytes
    runs: Runs

    @property
    def stored(self) -> bytes:
        """As it is on the host."""
        return zstd_bytes(split(self.content, self.runs) if self.runs else self.content, FRAME)


def runs(file: Path) -> Runs:
    """Where an ONNX file has the values of its large int16 constants, in order."""
    content = file.read_bytes()
    found, start = [], 0
    for tensor in onnx.load_from_string(content).graph.initializer:
        if tensor.data_type == onnx.TensorProto.INT16 and len(tensor.raw_data) >= 2 * LEAST:
            # In the order of the file, so that of equal ones each is found.
            start = content.index(tensor.raw_data, start)
            found.append((start, len(tensor.raw_data) // 2))
            start += len(tensor.raw_data)
    return found


def within(whole: Iterable[tuple[int, int]], start: int, end: int) -> Runs:
    """The runs of the part from `start` to `end` of a file, with offsets into the part; no integer is cut in two."""
    found = []
    for offset, count in whole:
        first = max(0, -((offset - start) // 2)) if offset < start else 0
        last = min(count, (end - offset) // 2)
        if last > first:
            found.append((offset + 2 * first - start, last - first))
    return found


def split(content: bytes, where: Sequence[tuple[int, int]]) -> bytes:
    """`content` with the integers of the runs in planes behind all else."""
    values = np.concatenate([np.frombuffer(content, "<i2", count, offset) for offset, count in where])
    unsigned = ((values << 1) ^ (values >> 15)).view(np.uint16)
    upper, lower = (unsigned >> 4).astype(np.uint8), (unsigned & 15 | unsigned >> 12 << 4).astype(np.uint8)
    return b"".join([*_between(content, where), upper.tobytes(), lower.tobytes()])


def join(stored: bytes, where: Sequence[tuple[int, int]]) -> bytes:
    """What `split` was given."""
    total = sum(count for _, count in where)
    rest = len(stored) - 2 * total
    planes = np.frombuffer(stored, np.uint8, 2 * total, rest).astype(np.uint16)
    unsigned = planes[:total] << 4 | planes[total:] & 15 | planes[total:] >> 4 << 12
    values = (unsigned >> 1 ^ -(unsigned & 1).astype(np.int16).view(np.uint16)).astype("<u2").tobytes()
    parts, at, taken, given = [], 0, 0, 0
    for offset, count in where:
        parts += [stored[given : given + offset - at], values[taken : taken + 2 * count]]
        given, taken, at = given + offset - at, taken + 2 * count, offset + 2 * count
    return b"".join([*parts, stored[given:rest]])


def _between(content: bytes, where: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    at = 0
    for offset, count in where:
        yield content[at:offset]
        at = offset + 2 * count
    yield content[at:]
