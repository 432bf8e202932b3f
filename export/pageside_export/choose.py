"""Which variants a backend tries, and in which order: from what was measured, never from a rule of thumb alone.

Of the variants within tolerance only those on the Pareto front of bytes, time and error count: no other one is better
in all three. Of these each backend gets the one that costs a visitor least, and the most exact one to fall back to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
#: Times, and costs, nearer than this are the same on a machine that does other things too.
SAME = 1.1


@dataclass(frozen=True)
class Prefer:
    """How much the download, the calls and the error weigh against each other; a maker may say so."""

    bytes: float = 1.0
    time: float = 1.0
    error: float = 1.0


EVEN = Prefer()


@dataclass(frozen=True)
class Candidate:
    """A correct variant: bytes on the wire, native milliseconds of one call, and how exact it is."""

    id: str
    bytes: int
    native_ms: float
    #: The share of the quantized tolerance that it uses up: 0 is PyTorch's own answer, 1 just within.
    error: float = 0.0
    #: Where onnxruntime-web runs it with its recipe's gain.
    backends: tuple[BackendId, ...] = BACKENDS
    #: Milliseconds of a call in onnxruntime-web on WASM with the one thread of a plain host; None where not measured.
    browser_ms: float | None = None
    #: Features of a graphics card that WebGPU needs for it, as `shader-f16`.
    needs: tuple[str, ...] = ()

    @property
    def call_ms(self) -> float:
        """Of one call in a browser: measured, else guessed from the native time."""
        return SLOWER_IN_BROWSER * self.native_ms if self.browser_ms is None else self.browser_ms

    def cost(self, backend: BackendId, prefer: Prefer = EVEN) -> float:
        """Seconds that a visit takes, twice as many for an answer at the edge of its tolerance.

        In WebAssembly a download and `CALLS` calls. A graphics card cannot be timed at build: there the download.
        """
        calls = CALLS * self.call_ms / 1000 if backend == "wasm" else 0.0
        return (prefer.bytes * self.bytes / BYTES_PER_SECOND + prefer.time * calls) * (1 + prefer.error * self.error)

    def beats(self, other: Candidate) -> bool:
        """At least as good in bytes, time and error, and better in one."""
        faster, as_fast = self.call_ms * SAME < other.call_ms, self.call_ms < other.call_ms * SAME
        at_least = self.bytes <= other.bytes and self.error <= other.error and as_fast
        return at_least and (self.bytes < other.bytes or self.error < other.error or faster)


def choose(
    candidates: Sequence[Candidate], prefer: Prefer = EVEN, variant: str | None = None
) -> dict[BackendId, list[str]]:
    """For each backend the ids of at most two correct variants, best first; the page proves the first on the device.

    `variant` comes first wherever a backend can run it.
    """
    return {backend: [one.id for one in _picked(candidates, backend, (prefer, variant))] for backend in BACKENDS}


def sentence(candidates: Sequence[Candidate], rejected: int, prefer: Prefer = EVEN, variant: str | None = None) -> str:
    """Why the first variant for WebAssembly is first, in one sentence."""
    best = _picked(candidates, "wasm", (prefer, variant))[0]
    others = sorted((one for one in candidates if one is not best), key=lambda one: (one.cost("wasm", prefer), one.id))
    asked = best.id == variant
    where = "" if best.browser_ms is None else " on WASM"
    head = f"{best.id} is {'what the demo asks for' if asked else 'chosen'}: {_figures(best)} a call{where}"
    if others:
        other = others[0]
        head += f", against {_figures(other)} for {other.id}"
        if not asked and other.bytes < best.bytes and other.error > best.error:
            head += ", which is less exact"
    elif not rejected:
        head += "; no other variant changes this model"
    if not asked and prefer != EVEN:
        weights = ", ".join(f"{name} {weight:g}" for name, weight in asdict(prefer).items())
        head += f", with the demo's own weights ({weights})"
    if rejected:
        head += f"; {rejected} missed {'its' if rejected == 1 else 'their'} tolerance and {_is(rejected)} not published"
    return head + "."


def _picked(candidates: Sequence[Candidate], backend: BackendId, asked: tuple[Prefer, str | None]) -> list[Candidate]:
    prefer, variant = asked
    able = [one for one in candidates if backend in one.backends]
    front = [one for one in able if not any(other.beats(one) for other in able)]
    # Near-ties in time can beat each other in a circle; then all of them count.
    ranked = sorted(front or able, key=lambda one: _rank(one, backend, prefer))
    # One variant for all backends is one download for a page that tries them all.
    least = SAME * ranked[0].cost(backend, prefer)
    shared = [one for one in able if one.backends == BACKENDS and one.cost(backend, prefer) <= least]
    best = min(shared, key=lambda one: _rank(one, backend, prefer), default=ranked[0])
    best = next((one for one in able if one.id == variant), best)
    others = [one for one in ranked if one is not best]
    if backend == "webgpu" and best.needs:
        # Not every card has them; what runs on each stays, though something else beats it in all three.
        others = [one for one in able if not one.needs] or others
    exact = min(others, key=lambda one: (one.error, one.cost(backend, prefer), one.id), default=None)
    return [best] if exact is None else [best, exact]


def _rank(one: Candidate, backend: BackendId, prefer: Prefer) -> tuple[float, int, str]:
    return one.cost(backend, prefer), one.bytes, one.id


def _figures(one: Candidate) -> str:
    return f"{format_bytes(one.bytes)} and {one.native_ms if one.browser_ms is None else one.browser_ms:.1f} ms"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
