"""Which variants a backend tries, and in which order: from what was measured, never from a rule of thumb alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pageside_export.progress import format_bytes

BackendId = Literal["wasm", "webgpu"]
BACKENDS: tuple[BackendId, ...] = ("wasm", "webgpu")

#: Download and one call count together: what a visitor waits for before a first answer on a common connection.
BYTES_PER_SECOND = 50e6 / 8
#: How often the model runs in one visit; a call counts so many times against the download.
CALLS = 10
#: A browser's WebAssembly is slower than native code by about this (measured: docs/performance.md).
SLOWER_IN_BROWSER = 3.0


@dataclass(frozen=True)
class Candidate:
    """A correct variant: bytes on the wire, and median native milliseconds of one call."""

    id: str
    bytes: int
    native_ms: float

    @property
    def seconds(self) -> float:
        """The time that a visit costs: one download and `CALLS` calls."""
        return self.bytes / BYTES_PER_SECOND + CALLS * SLOWER_IN_BROWSER * self.native_ms / 1000


def choose(candidates: Sequence[Candidate]) -> dict[BackendId, list[str]]:
    """For each backend the ids of the correct variants, best first; the page proves the first one on the device.

    Both backends start from the same measure. A graphics card cannot be timed here, so that the page times there.
    """
    order = [candidate.id for candidate in sorted(candidates, key=lambda one: (one.seconds, one.bytes, one.id))]
    return {backend: list(order) for backend in BACKENDS}


def sentence(candidates: Sequence[Candidate], rejected: int) -> str:
    """Why the first variant is first, in one sentence."""
    best, *others = sorted(candidates, key=lambda one: (one.seconds, one.bytes, one.id))
    head = f"{best.id} is chosen: {format_bytes(best.bytes)} and {best.native_ms:.1f} ms a call"
    if others:
        other = others[0]
        head += f", against {format_bytes(other.bytes)} and {other.native_ms:.1f} ms for {other.id}"
    elif not rejected:
        head += "; no other variant changes this model"
    if rejected:
        head += f"; {rejected} missed {'its' if rejected == 1 else 'their'} tolerance and {_is(rejected)} not published"
    return head + "."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
