"""How far a variant's numbers are from PyTorch's, and whether that is near enough to be published."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]


@dataclass(frozen=True)
class Call:
    """One recorded call of a model: what went in, and PyTorch's answer."""

    inputs: Arrays
    outputs: Arrays


@dataclass(frozen=True)
class Tolerance:
    """What each output of each call must reach against PyTorch.

    Cosine sees a wrong direction and not a wrong size, so a norm of the error stands beside it. `largest` and
    `norm` are relative to the largest absolute value and to the Euclidean norm of PyTorch's output. Integers and
    booleans are decisions: they are counted, not measured.
    """

    cosine: float
    #: Largest absolute error over the largest absolute value; None where single elements may be off.
    largest: float | None
    #: Norm of the error over the norm of the output.
    norm: float
    #: Whether the largest element of a row of scores must stay the largest, near-ties aside.
    top1: bool
    #: The share of integers and booleans that must be equal.
    equal: float
    reason: str


FLOAT_TOLERANCE = Tolerance(
    cosine=0.9999,
    largest=1e-3,
    norm=1e-3,
    top1=False,
    equal=0.999,
    reason="the same arithmetic in another order: rounding only",
)
QUANTIZED_TOLERANCE = Tolerance(
    cosine=0.99,
    largest=None,
    norm=0.15,
    top1=True,
    equal=0.99,
    reason="rounded weights move every number a little and must change no decision",
)


@dataclass(frozen=True)
class OutputError:
    """One output of one call against PyTorch's. `top1` and `equal` are None where they have no meaning."""

    name: str
    cosine: float
    max_abs_error: float
    mean_abs_error: float
    #: Of the largest element; relative to the largest absolute value of PyTorch's output.
    largest: float
    #: Euclidean norm of the error; relative to that of PyTorch's output.
    norm: float
    top1: bool | None = None
    #: By how much PyTorch prefers its own largest element to the variant's; 0 where they agree.
    gap: float = 0.0
    equal: float | None = None
    finite: bool = True


@dataclass
class Measurement:
    """A variant over all calls."""

    errors: list[list[OutputError]] = field(default_factory=list)
    native_ms: float = 0.0

    @property
    def cosine(self) -> float:
        """The lowest."""
        return min(error.cosine for error in self._all())

    @property
    def max_abs_error(self) -> float:
        """The largest."""
        return max(error.max_abs_error for error in self._all())

    @property
    def mean_abs_error(self) -> float:
        """The mean over calls and outputs."""
        return float(np.mean([error.mean_abs_error for error in self._all()]))

    @property
    def top1(self) -> float | None:
        """The share of calls whose largest elements agree; None where no output is a row of scores."""
        calls = [[error.top1 for error in call if error.top1 is not None] for call in self.errors]
        judged = [all(call) for call in calls if call]
        return sum(judged) / len(judged) if judged else None

    def to_json(self) -> dict[str, Any]:
        """`Measured` of protocol.d.ts; numbers that JSON lacks become null."""
        return {
            "cosine": _number(self.cosine),
            "max_abs_error": _number(self.max_abs_error),
            "mean_abs_error": _number(self.mean_abs_error),
            "top1": self.top1,
            "native_ms": round(self.native_ms, 3),
        }

    def details(self) -> list[list[dict[str, Any]]]:
        """Every output of every call, for report.json."""
        return [
            [{key: _number(value) for key, value in asdict(error).items()} for error in call] for call in self.errors
        ]

    def _all(self) -> list[OutputError]:
        return [error for call in self.errors for error in call]


def compare(reference: Arrays, got: Arrays, ranked: Collection[str] | None = None) -> list[OutputError]:
    """Each output of one call against PyTorch's; a missing output, another shape or a NaN is a total miss.

    `ranked` names the outputs whose largest element says something, where not all do.
    """
    errors = [_compare_output(name, value, got.get(name)) for name, value in reference.items()]
    return [one if ranked is None or one.name in ranked else replace(one, top1=None, gap=0.0) for one in errors]


def misses(measured: Measurement, tolerance: Tolerance | Mapping[str, Tolerance]) -> list[str]:
    """Why a variant may not be published, a clause each; empty if it may.

    `tolerance` is one for all outputs, or by output name.
    """
    found: list[str] = []
    for number, call in enumerate(measured.errors, 1):
        for error in call:
            if clause := _miss(error, tolerance if isinstance(tolerance, Tolerance) else tolerance[error.name]):
                found.append(f"{error.name} of call {number}: {clause}")
    return found


def not_finite(calls: Sequence[Call]) -> str:
    """A clause about the first NaN or infinity in PyTorch's own outputs; empty if there is none."""
    for number, call in enumerate(calls, 1):
        for name, value in call.outputs.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                kind = "NaN" if np.isnan(value).any() else "infinity"
                return f"PyTorch's own output {name!r} of call {number} holds {kind}"
    return ""


def distinct(calls: Sequence[Call], limit: int) -> list[Call]:
    """At most `limit` calls that differ most: the first, then each time the one farthest from those taken.

    Distance is one less the cosine of the outputs, over outputs of equal shape; another shape is the farthest.
    """
    chosen = [0] if calls else []
    distance = [_distance(call, calls[0]) for call in calls]
    while len(chosen) < min(limit, len(calls)):
        best = int(np.argmax(distance))
        if distance[best] <= 0:
            break
        chosen.append(best)
        distance = [min(old, _distance(call, calls[best])) for old, call in zip(distance, calls, strict=True)]
    return [calls[index] for index in chosen]


def cosine(a: Array, b: Array) -> float:
    """Of the flattened arrays in float64; 1 if both are zero, 0 if one is, or where one holds NaN or infinity."""
    x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    if scale == 0 or not np.isfinite(scale):
        return 1.0 if scale == 0 and np.array_equal(x, y) else 0.0
    return float(np.clip(x @ y / scale, -1, 1))


def _compare_output(name: str, reference: Array, got: Array | None) -> OutputError:
    if got is None or got.shape != reference.shape or (got.dtype.kind == "f" and not np.isfinite(got).all()):
        return OutputError(name, -1.0, np.inf, np.inf, np.inf, np.inf, top1=None, finite=False)
    if reference.size == 0:
        return OutputError(name, 1.0, 0.0, 0.0, 0.0, 0.0)
    x, y = reference.astype(np.float64), got.astype(np.float64)
    error = np.abs(x - y)
    agrees, gap = _top1(x, y) if reference.dtype.kind == "f" else (None, 0.0)
    return OutputError(
        name,
        cosine=cosine(x, y),
        max_abs_error=float(error.max()),
        mean_abs_error=float(error.mean()),
        largest=_ratio(float(error.max()), float(np.abs(x).max())),
        norm=_ratio(float(np.linalg.norm(error)), float(np.linalg.norm(x))),
        top1=agrees,
        gap=gap,
        equal=None if reference.dtype.kind == "f" else float((reference == got).mean()),
    )


def _top1(reference: Array, got: Array) -> tuple[bool | None, float]:
    """Whether every row's largest element is the same, and the widest gap where it is not.

    Rows of scores are vectors, alone or in a batch; in pictures and sequences of features the largest element
    decides nothing.
    """
    if reference.ndim not in (1, 2) or reference.shape[-1] < 2:
        return None, 0.0
    rows, others = reference.reshape(-1, reference.shape[-1]), got.reshape(-1, reference.shape[-1])
    mine, theirs = rows.argmax(axis=1), others.argmax(axis=1)
    index = np.arange(len(rows))
    gaps = rows[index, mine] - rows[index, theirs]
    return bool((gaps == 0).all()), float(gaps.max())


def _miss(error: OutputError, tolerance: Tolerance) -> str:
    if not error.finite:
        return "it has NaN, infinity or another shape"
    if error.equal is not None:
        return "" if error.equal >= tolerance.equal else f"only {error.equal:.2%} equal, below {tolerance.equal:.1%}"
    clauses = [
        (error.cosine < tolerance.cosine, f"cosine {error.cosine:.5f}, below {tolerance.cosine}"),
        (
            tolerance.largest is not None and error.largest > tolerance.largest,
            f"largest error {error.largest:.2e} of the largest value, above {tolerance.largest}",
        ),
        (error.norm > tolerance.norm, f"an error of {error.norm:.3f} of the output's norm, above {tolerance.norm:g}"),
        (
            # A gap below the error itself is a tie: rounding decides it, in PyTorch too.
            tolerance.top1 and error.top1 is False and error.gap > error.max_abs_error,
            f"another largest element, {error.gap:.3g} apart, with an error of {error.max_abs_error:.3g}",
        ),
    ]
    return next((text for missed, text in clauses if missed), "")


def _distance(a: Call, b: Call) -> float:
    if a is b:
        return -1.0
    pairs = [(value, b.outputs[name]) for name, value in a.outputs.items() if name in b.outputs]
    if any(x.shape != y.shape for x, y in pairs):
        return 2.0
    same = all(name in b.inputs and np.array_equal(value, b.inputs[name]) for name, value in a.inputs.items())
    return 0.0 if same else max([1 - cosine(x, y) for x, y in pairs] + [1e-12])


def _ratio(part: float, whole: float) -> float:
    if whole == 0:
        return 0.0 if part == 0 else np.inf
    return part / whole


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value
